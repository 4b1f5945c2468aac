#include "core/words.h"

#include "embed.h"

enum lang words_open(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	enum lang lang = LANG_EN;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *z = getenv(names[i]);
		if (!z || !z[0])
			continue;
		lang = strncmp(z, "ja", 2) == 0 ? LANG_JA : LANG_EN;
		break;
	}
	for (const struct embed_file *f = embed_files; f->name; f++)
		if (strcmp(f->name, "ja.mo") == 0 && i18n_open(f->bytes, f->size) != 0)
			lang = LANG_EN;
	i18n_set(lang);
	return lang;
}
