/* Paths as operators, in points of the page. */
#include "gate-pdf/record_inside.h"

#include <math.h>

#define FAR 20000.0                                  /* points: further out nothing is seen */

void to_page(const struct record *r, const cairo_matrix_t *m, double x, double y, double *px, double *py)
{
	cairo_matrix_transform_point(m, &x, &y);
	*px = x / FINE;
	*py = r->ask->h - y / FINE;
}

double record_within(double v)
{
	return v > FAR ? FAR : v > -FAR ? v : -FAR;         /* not a number: as far as may be */
}

void put_xy(struct buf *b, double x, double y)
{
	pdf_number(b, record_within(x), 2);
	buf_putc(b, ' ');
	pdf_number(b, record_within(y), 2);
	buf_putc(b, ' ');
}

static void widen(double box[4], double x, double y, bool first)
{
	box[0] = first || x < box[0] ? x : box[0];
	box[1] = first || y < box[1] ? y : box[1];
	box[2] = first || x > box[2] ? x : box[2];
	box[3] = first || y > box[3] ? y : box[3];
}

static bool near(double a, double b)
{
	return fabs(a - b) < 0.005;
}

/* Four corners and back: sides as the page's. */
static bool is_rectangle(double p[5][2], int n, bool curved, bool closed, int parts)
{
	bool back = n == 5 && near(p[0][0], p[4][0]) && near(p[0][1], p[4][1]);

	if (curved || parts != 1 || !(back || (n == 4 && closed)))
		return false;
	return (near(p[0][0], p[1][0]) && near(p[1][1], p[2][1]) && near(p[2][0], p[3][0]) && near(p[3][1], p[0][1])) ||
	       (near(p[0][1], p[1][1]) && near(p[1][0], p[2][0]) && near(p[2][1], p[3][1]) && near(p[3][0], p[0][0]));
}

void put_rectangle(struct buf *b, const double box[4])
{
	double x = round(record_within(box[0]) * 100) / 100, y = round(record_within(box[1]) * 100) / 100;

	put_xy(b, x, y);
	put_xy(b, round(record_within(box[2]) * 100) / 100 - x, round(record_within(box[3]) * 100) / 100 - y);
	buf_puts(b, "re\n");
}

struct walk {
	double first[5][2];
	int n, parts;
	bool curved, closed;
};

static void corner(struct walk *w, double x, double y)
{
	if (w->n < 5) {
		w->first[w->n][0] = x;
		w->first[w->n][1] = y;
	}
	w->n++;
}

bool path_ops(struct record *r, const cairo_matrix_t *m, struct buf *b, double box[4], bool *rectangle)
{
	static const char *const names[] = {"m\n", "l\n", "c\n"};
	cairo_path_t *path = cairo_copy_path(r->c);
	struct walk w = {0};
	size_t from = b->n;
	cairo_matrix_t now;
	bool any = false;

	cairo_get_matrix(r->c, &now);
	for (int i = 0; !path->status && i < path->num_data; i += path->data[i].header.length) {
		const cairo_path_data_t *d = &path->data[i], *next = d + d->header.length;
		bool last = i + d->header.length >= path->num_data;

		if (d->header.type == CAIRO_PATH_CLOSE_PATH) {
			buf_puts(b, "h\n");
			w.closed = true;
			continue;
		}
		if (d->header.type == CAIRO_PATH_MOVE_TO) {
			if (last || next->header.type == CAIRO_PATH_MOVE_TO)
				continue;
			w.parts++;
		}
		w.curved |= d->header.type == CAIRO_PATH_CURVE_TO;
		for (int k = 1; k < d->header.length; k++) {
			double x, y;

			to_page(r, m ? m : &now, d[k].point.x, d[k].point.y, &x, &y);
			corner(&w, x, y);
			widen(box, x, y, !any);
			any = true;
			put_xy(b, x, y);
		}
		buf_puts(b, names[d->header.type]);
	}
	*rectangle = is_rectangle(w.first, w.n, w.curved, w.closed, w.parts);
	if (path->status)
		give_up(r, "PDF-B-PARTS");
	cairo_path_destroy(path);
	if (*rectangle) {
		b->n = from;
		put_rectangle(b, box);
	}
	return any;
}
