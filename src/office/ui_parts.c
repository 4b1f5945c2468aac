#include "office/ui.h"

#include <qrencode.h>

#define QR_TEXT_MAX 1000
#define QR_QUIET 4                                       /* modules of white around, as the standard demands */

const struct tpl_status *ui_status(struct arena *a, enum status s)
{
	struct tpl_status *d = ARENA_NEW(a, struct tpl_status);

	*d = (struct tpl_status){.code = str_from(status_code(s)), .label = str_from(status_label(s))};
	return d;
}

const struct tpl_status *ui_status_empty(struct arena *a)
{
	struct tpl_status *d = ARENA_NEW(a, struct tpl_status);

	*d = (struct tpl_status){.code = STR("met_empty"), .label = str_from(_("Met, 0 events"))};
	return d;
}

/* A state in which the applicant can do nothing but wait: not the start, not in force, not the end. */
const struct tpl_state *ui_state(struct arena *a, const struct ledger *l, struct str state)
{
	const struct state *s = ledger_state(l, state);
	struct tpl_state *d = ARENA_NEW(a, struct tpl_state);

	d->label = s ? label_text(&s->label) : state;
	d->tone = !s ? STR("bad") : s->live ? STR("live") : s->end ? STR("end") : s->start ? STR("") : STR("wait");
	return d;
}

const struct tpl_qr *ui_qr(struct arena *a, struct str text, const char *label)
{
	struct tpl_qr *d = ARENA_NEW(a, struct tpl_qr);
	struct tpl_qr_bars *bars;
	QRcode *code;
	size_t n = 0;

	if (text.n > QR_TEXT_MAX || !(code = QRcode_encodeString8bit(arena_z(a, text), 0, QR_ECLEVEL_M)))
		return NULL;
	bars = arena_array(a, (size_t)code->width * (size_t)(code->width + 1) / 2, sizeof(*bars));
	for (int y = 0; y < code->width; y++)
		for (int x = 0; x < code->width; x++) {
			if (!(code->data[y * code->width + x] & 1))
				continue;
			if (x > 0 && (code->data[y * code->width + x - 1] & 1))
				bars[n - 1].w++;
			else
				bars[n++] = (struct tpl_qr_bars){.x = x + QR_QUIET, .y = y + QR_QUIET, .w = 1};
		}
	*d = (struct tpl_qr){.label = str_from(label), .side = code->width + 2 * QR_QUIET, .bars = bars, .n_bars = n};
	QRcode_free(code);
	return d;
}
