/* The passwords everybody uses, as rules over a short list of our own instead of a long list of theirs: almost all of
 * them are a word, a keyboard walk or a row, dressed with digits, signs and look-alike letters. */
#include <string.h>

#include "auth/weak.h"

#define CORE_MAX 128

/* Folded. Words of sign-in pages, offices, seasons, names of the trade and of this product; Japanese in usual
 * spellings. */
static const char *const words[] = {
	"password", "passwd", "passcode", "passphrase", "pass", "secret", "letmein", "welcome", "login", "logon",
	"signin", "access", "admin", "administrator", "root", "user", "guest", "test", "tester", "testing", "default",
	"changeme", "change", "temp", "temporary", "initial", "master", "super", "supervisor", "system", "server",
	"windows", "microsoft", "office", "google", "yahoo", "amazon", "oracle", "linux", "computer", "internet",
	"network", "security", "secure", "keyboard", "mypassword", "newpassword", "hello", "iloveyou", "love",
	"lovely", "sunshine", "princess", "dragon", "monkey", "football", "baseball", "soccer", "tennis",
	"basketball", "superman", "batman", "pokemon", "pikachu", "doraemon", "mario", "nintendo", "starwars",
	"summer", "winter", "spring", "autumn", "monday", "friday", "sunday", "january", "april", "august",
	"december", "flower", "freedom", "whatever", "trustno", "shadow", "michael", "jennifer", "charlie", "qwerty",
	"qwertyuiop", "asdfgh", "asdfghjkl", "zxcvbn", "zxcvbnm", "qazwsx", "qazwsxedc", "qaz", "wsx", "abc", "abcd",
	"abcdef", "aaa", "xyz", "japan", "nippon", "nihon", "tokyo", "osaka", "kyoto", "fukuoka", "sapporo", "nagoya",
	"yokohama", "kobe", "hiroshima", "sakura", "fuji", "fujisan", "ninja", "samurai", "himitsu", "anshin",
	"arigatou", "arigato", "konnichiwa", "ohayou", "daisuki", "aishiteru", "pasuwado", "pasuwaado", "kanri",
	"kanrisha", "shokuin", "yakusho", "shiyakusho", "kuyakusho", "machi", "shichou", "jichitai", "joho", "jouhou",
	"johokanri", "sekisho", "mihonshi", "sample", "example", "demo", "ぱすわーど", "ぱすわど",
	"ひみつ", "あいしてる", "だいすき", "ありがとう", "こんにちは", "おはよう",
	"さくら", "しやくしょ", "かんりしゃ", "情報", "情報政策", "管理者", "市役所",
	"役場", "職員", "日本", "桜", "秘密",
};

/* Rows on which fingers walk, also backwards. */
static const char *const rows[] = {
	"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
	"qazwsxedcrfvtgbyhnujm", "q1w2e3r4t5y6u7i8o9p0", "1q2w3e4r5t6y7u8i9o0p", "!\"#$%&'()", "!@#$%^&*()", "741852963", "147258369",
	"あいうえおかきくけこさしすせそ", "いろはにほへとちりぬるを",
};

static char look_alike(char c)
{
	switch (c) {
	case '0':
		return 'o';
	case '1':
	case '!':
	case '|':
		return 'i';
	case '3':
		return 'e';
	case '4':
	case '@':
		return 'a';
	case '5':
	case '$':
		return 's';
	case '7':
		return 't';
	case '8':
		return 'b';
	}
	return c;
}

static bool is_dress(char c)
{
	return (c >= '0' && c <= '9') || (c > 0x20 && c < 0x7f && strchr("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", c));
}

static bool is_word(struct str s)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_is(s, words[i]))
			return true;
	return false;
}

/* Words joined: "passwordadmin". Each must be in the list; at most four. */
static bool is_words(struct str s, int most)
{
	if (s.n == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(words) && most > 0; i++)
		if (str_starts(s, words[i]) && is_words(str_slice(s, strlen(words[i]), s.n), most - 1))
			return true;
	return false;
}

static struct str undress(struct str s)
{
	while (s.n && is_dress(s.p[0]))
		s = str_slice(s, 1, s.n);
	while (s.n && is_dress(s.p[s.n - 1]))
		s = str_slice(s, 0, s.n - 1);
	return s;
}

static void reversed(struct str s, char *out)
{
	for (size_t i = 0; i < s.n; i++)
		out[i] = s.p[s.n - 1 - i];
}

/* Does s consist of pieces of at least three characters of the rows, forwards or backwards? Digits at the end may
 * stay. */
static bool is_walk(struct str s)
{
	while (s.n) {
		size_t best = 0;

		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			size_t n = strlen(rows[i]), take = s.n < n ? s.n : n;
			char back[64];

			reversed(str_n(rows[i], n), back);
			for (; take > best && take >= 3; take--)
				if (memmem(rows[i], n, s.p, take) || memmem(back, n, s.p, take))
					best = take;
		}
		if (best < 3)
			return undress(s).n == 0;
		s = str_slice(s, best, s.n);
	}
	return true;
}

/* The shortest text that, repeated, gives s ("abcabcab" → "abc"). */
static struct str period(struct str s)
{
	for (size_t p = 1; p <= s.n / 2; p++)
		if (memcmp(s.p, s.p + p, s.n - p) == 0)
			return str_slice(s, 0, p);
	return s;
}

static bool common_core(struct str s)
{
	char alike[CORE_MAX], back[CORE_MAX];
	struct str core = undress(s);

	if (core.n == 0 || is_words(core, 4))
		return true;
	for (size_t i = 0; i < core.n; i++)
		alike[i] = look_alike(core.p[i]);
	if (is_words(str_n(alike, core.n), 4))
		return true;
	reversed(core, back);
	return is_word(str_n(back, core.n));
}

/* s with every letter in its plain look, the dress still on: "p4ssw0rd!" keeps its "!" as "i", so both ends are
 * tried. */
static bool common_alike(struct str s)
{
	char alike[CORE_MAX];

	for (size_t i = 0; i < s.n; i++)
		alike[i] = look_alike(s.p[i]);
	for (size_t cut = 0; cut <= s.n / 2; cut++) {
		if (cut && !is_dress(s.p[s.n - cut]))
			break;
		if (is_words(str_n(alike, s.n - cut), 4))
			return true;
	}
	return false;
}

bool weak_common(struct str s)
{
	struct str p = period(s);

	if (s.n == 0 || s.n > CORE_MAX)
		return s.n == 0;
	/* A short piece repeated, or few different bytes. */
	if (p.n < s.n && (p.n <= 4 || common_core(p) || is_walk(p)))
		return true;
	return common_core(s) || common_alike(s) || is_walk(s);
}
