#include "auth/romaji.h"

#include <string.h>

/* Longest first: the two-character sounds stand before their parts. Kunrei only where it differs. */
static const struct {
	const char *kana, *hepburn, *kunrei;
} sounds[] = {
	{"きゃ", "kya", NULL}, {"きゅ", "kyu", NULL}, {"きょ", "kyo", NULL}, {"ぎゃ", "gya", NULL}, {"ぎゅ", "gyu", NULL},
	{"ぎょ", "gyo", NULL}, {"しゃ", "sha", "sya"}, {"しゅ", "shu", "syu"}, {"しょ", "sho", "syo"}, {"じゃ", "ja", "zya"},
	{"じゅ", "ju", "zyu"}, {"じょ", "jo", "zyo"}, {"ちゃ", "cha", "tya"}, {"ちゅ", "chu", "tyu"}, {"ちょ", "cho", "tyo"},
	{"にゃ", "nya", NULL}, {"にゅ", "nyu", NULL}, {"にょ", "nyo", NULL}, {"ひゃ", "hya", NULL}, {"ひゅ", "hyu", NULL},
	{"ひょ", "hyo", NULL}, {"びゃ", "bya", NULL}, {"びゅ", "byu", NULL}, {"びょ", "byo", NULL}, {"ぴゃ", "pya", NULL},
	{"ぴゅ", "pyu", NULL}, {"ぴょ", "pyo", NULL}, {"みゃ", "mya", NULL}, {"みゅ", "myu", NULL}, {"みょ", "myo", NULL},
	{"りゃ", "rya", NULL}, {"りゅ", "ryu", NULL}, {"りょ", "ryo", NULL},
	{"あ", "a", NULL}, {"い", "i", NULL}, {"う", "u", NULL}, {"え", "e", NULL}, {"お", "o", NULL},
	{"か", "ka", NULL}, {"き", "ki", NULL}, {"く", "ku", NULL}, {"け", "ke", NULL}, {"こ", "ko", NULL},
	{"が", "ga", NULL}, {"ぎ", "gi", NULL}, {"ぐ", "gu", NULL}, {"げ", "ge", NULL}, {"ご", "go", NULL},
	{"さ", "sa", NULL}, {"し", "shi", "si"}, {"す", "su", NULL}, {"せ", "se", NULL}, {"そ", "so", NULL},
	{"ざ", "za", NULL}, {"じ", "ji", "zi"}, {"ず", "zu", NULL}, {"ぜ", "ze", NULL}, {"ぞ", "zo", NULL},
	{"た", "ta", NULL}, {"ち", "chi", "ti"}, {"つ", "tsu", "tu"}, {"て", "te", NULL}, {"と", "to", NULL},
	{"だ", "da", NULL}, {"ぢ", "ji", "zi"}, {"づ", "zu", NULL}, {"で", "de", NULL}, {"ど", "do", NULL},
	{"な", "na", NULL}, {"に", "ni", NULL}, {"ぬ", "nu", NULL}, {"ね", "ne", NULL}, {"の", "no", NULL},
	{"は", "ha", NULL}, {"ひ", "hi", NULL}, {"ふ", "fu", "hu"}, {"へ", "he", NULL}, {"ほ", "ho", NULL},
	{"ば", "ba", NULL}, {"び", "bi", NULL}, {"ぶ", "bu", NULL}, {"べ", "be", NULL}, {"ぼ", "bo", NULL},
	{"ぱ", "pa", NULL}, {"ぴ", "pi", NULL}, {"ぷ", "pu", NULL}, {"ぺ", "pe", NULL}, {"ぽ", "po", NULL},
	{"ま", "ma", NULL}, {"み", "mi", NULL}, {"む", "mu", NULL}, {"め", "me", NULL}, {"も", "mo", NULL},
	{"や", "ya", NULL}, {"ゆ", "yu", NULL}, {"よ", "yo", NULL}, {"ら", "ra", NULL}, {"り", "ri", NULL},
	{"る", "ru", NULL}, {"れ", "re", NULL}, {"ろ", "ro", NULL}, {"わ", "wa", NULL}, {"を", "o", NULL},
	{"ん", "n", NULL}, {"ゔ", "vu", NULL}, {"ー", "", NULL},
};

/* The sound at s; its length in bytes, 0 when there is none. */
static size_t sound(struct str s, enum romaji how, const char **ret)
{
	for (size_t i = 0; i < ARRAY_LEN(sounds); i++) {
		size_t n = strlen(sounds[i].kana);

		if (s.n >= n && memcmp(s.p, sounds[i].kana, n) == 0) {
			*ret = how == ROMAJI_KUNREI && sounds[i].kunrei ? sounds[i].kunrei : sounds[i].hepburn;
			return n;
		}
	}
	return 0;
}

static bool spell(struct str kana, enum romaji how, struct buf *out)
{
	bool twice = false;

	while (kana.n) {
		const char *latin;
		size_t n;

		if (str_starts(kana, "っ")) {
			twice = true;
			kana = str_slice(kana, strlen("っ"), kana.n);
			continue;
		}
		n = sound(kana, how, &latin);
		if (n == 0)
			return false;
		if (twice && latin[0])
			buf_putc(out, latin[0] == 'c' ? 't' : latin[0]);
		twice = false;
		buf_puts(out, latin);
		kana = str_slice(kana, n, kana.n);
	}
	return true;
}

/* Sato for satou, Ono for oono. */
static void shorten(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], before = i ? s.p[i - 1] : 0;

		if ((before == 'o' && (c == 'u' || c == 'o')) || (before == 'u' && c == 'u'))
			continue;
		buf_putc(out, c);
	}
}

void romaji(struct str kana, enum romaji how, struct buf *out)
{
	struct buf b;

	buf_init(&b, 4096);
	if (kana.n && spell(kana, how, &b) && buf_err(&b) == 0 && b.n) {
		buf_str(out, buf_view(&b));
		buf_putc(out, 0);
		shorten(buf_view(&b), out);
		buf_putc(out, 0);
	}
	buf_release(&b);
}
