/* Words on screen. English ids stand in the source (_("Sign in")); po/ja.po holds the Japanese, compiled by msgfmt and
 * embedded. The language is a property of the request in hand, not of the process. */
#ifndef LIB_I18N_H
#define LIB_I18N_H

enum lang { LANG_JA, LANG_EN };

#include <stddef.h>

/* The Japanese catalogue (GNU .mo bytes, kept by the caller). ERR_SYNTAX when it is none. */
int i18n_open(const void *mo, size_t n);
void i18n_set(enum lang lang);
enum lang i18n_lang(void);
/* The text in the language set; the id itself when there is none. Never freed. */
const char *i18n_text(const char *msgid) __attribute__((format_arg(1)));
/* One of two ids by number. */
const char *i18n_plural(const char *one, const char *many,
                        unsigned long n) __attribute__((format_arg(1), format_arg(2)));
#define _(id) i18n_text(id)
/* Marks an id for extraction where it cannot be translated yet (tables). */
#define N_(id) id

#endif
