/* Compiles a grammar table of OOXML (gate/ooxml/NAME.tsv; docs/formats/gate-ooxml.md says what its lines mean)
 * into arrays of C:
 *   ooxmlc PREFIX HEADER TABLE >FILE
 * HEADER declares struct PREFIX_type and its sisters. */
#include "tool.h"

#include <ctype.h>
#include <stdint.h>

#define NAMES 8192
#define HASH 16384
#define MANY 16384

struct name {
	unsigned ns;
	char *local;
};
struct cls {
	char *spec, *kind;
	long long min, max;
	unsigned first, n;
};
struct type {
	char *name;
	unsigned text, attr, n_attrs, kid, n_kids, need, n_needs;
};

static char *ns_prefix[64], *ns_uri[64][3];
static unsigned n_ns, n_names, n_classes, n_words, n_types, n_pairs, n_needs, n_roots, n_given;
static struct name names[NAMES];
static struct cls classes[2048];
static char *words[MANY];
static struct type types[4096];
static struct { unsigned name, value, flag; } pairs[MANY];
static unsigned needs[2048];
static struct { char *id, *spec; } given[1024];
static struct { char *kind, *elem, *type, *prefixes; } roots[256];

/* Everything lives to the end of the program. */
static char store[8 << 20];
static size_t stored;

static char *keep(const char *text)
{
	size_t n = strlen(text) + 1;
	char *at = store + stored;

	if (n > sizeof store - stored)
		die("the table is too large");
	memcpy(at, text, n);
	stored += n;
	return at;
}

static char *slurp(const char *path)
{
	static char text[2][2 << 20];
	static unsigned times;
	char *to = text[times++ & 1];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(to, 1, sizeof text[0] - 1, f) : 0;

	if (!f || !feof(f))
		die("%s: %s", path, strerror(errno));
	to[n] = 0;
	fclose(f);
	return to;
}

static unsigned ns_of(const char *prefix)
{
	for (unsigned i = 0; i < n_ns; i++)
		if (!strcmp(ns_prefix[i], prefix))
			return i;
	die("no namespace %s", prefix);
}

static unsigned name_of(char *s)
{
	char *colon = strchr(s, ':'), *local = colon ? colon + 1 : s;
	unsigned ns = 0;

	if (colon) {
		*colon = 0;
		ns = ns_of(s);
		*colon = ':';
	}
	for (unsigned i = 0; i < n_names; i++)
		if (names[i].ns == ns && !strcmp(names[i].local, local))
			return i;
	if (n_names == NAMES)
		die("too many names");
	names[n_names] = (struct name){ns, keep(local)};
	return n_names++;
}

static unsigned class_of(const char *id);

/* "any A / B": the members stand one after the other, so they are made first. */
static unsigned class_new(const char *spec)
{
	struct cls c = {.spec = keep(spec)};
	char *copy = keep(spec), *save = NULL, *w = strtok_r(copy, " ", &save);
	unsigned members[16], n = 0;

	c.kind = keep(w);
	if (!strcmp(w, "any")) {
		char *rest = keep(spec + 4), *p = rest, *slash;

		for (; p && n < 16; p = slash ? slash + 3 : NULL) {
			slash = strstr(p, " / ");
			if (slash)
				*slash = 0;
			members[n++] = class_of(p);
		}
		c.first = n_words;
		for (unsigned i = 0; i < n; i++) {
			char number[16];

			snprintf(number, sizeof number, "%u", members[i]);
			words[n_words++] = keep(number);
		}
		c.n = n;
	} else if (!strncmp(w, "rid:", 4) || !strncmp(w, "ridopt:", 7)) {
		char *list = strchr(c.kind, ':');

		if (!list)
			die("%s: no list", c.kind);
		*list++ = 0;
		c.first = n_words;
		for (w = strtok_r(list, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
			words[n_words++] = keep(w);
			c.n++;
		}
	} else if (!strcmp(w, "int")) {
		c.min = strtoll(strtok_r(NULL, " ", &save), NULL, 10);
		c.max = strtoll(strtok_r(NULL, " ", &save), NULL, 10);
	} else if (!strcmp(w, "hex")) {
		char *len = strtok_r(NULL, " ", &save);

		c.max = len ? strtol(len, NULL, 10) : 0;
	} else {
		c.first = n_words;
		while ((w = strtok_r(NULL, " ", &save)) != NULL) {
			words[n_words] = keep(strcmp(w, "''") ? w : "");
			for (char *p = words[n_words]; (p = strchr(p, '~')) != NULL;)
				*p = ' ';
			n_words++;
			c.n++;
		}
	}
	classes[n_classes] = c;
	return n_classes++;
}

static unsigned class_of(const char *id)
{
	const char *spec = id;

	for (unsigned i = 0; i < n_given; i++)
		if (!strcmp(given[i].id, id))
			spec = given[i].spec;
	for (unsigned i = 0; i < n_classes; i++)
		if (!strcmp(classes[i].spec, spec))
			return i;
	return class_new(spec);
}

static unsigned type_of(const char *name)
{
	for (unsigned i = 0; i < n_types; i++)
		if (!strcmp(types[i].name, name))
			return i;
	die("no type %s", name);
}

static int by_name(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return x < y ? -1 : x > y;
}

/* name=value words; marks behind the value: ! the element goes without it, ? it goes when the value is bad. */
static void pairs_of(char *s, unsigned *first, unsigned *n, int kids)
{
	*first = n_pairs;
	for (char *save = NULL, *w = strtok_r(s, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		char *eq = strchr(w, '='), *end = w + strlen(w) - 1;
		unsigned flag = *end == '!' ? 1 : *end == '?' ? 2 : 0;

		if (!eq)
			die("no = in %s", w);
		*eq = 0;
		if (flag)
			*end = 0;
		pairs[n_pairs].name = name_of(w);
		pairs[n_pairs].value = kids ? type_of(eq + 1) : class_of(eq + 1);
		pairs[n_pairs++].flag = flag;
	}
	*n = n_pairs - *first;
	qsort(&pairs[*first], *n, sizeof *pairs, by_name);
}

static char *columns[8];
static unsigned split(char *line)
{
	unsigned n = 0;

	for (char *p = line; p && n < 8; n++) {
		columns[n] = p;
		p = strchr(p, '\t');
		if (p)
			*p++ = 0;
	}
	for (unsigned i = n; i < 8; i++)
		columns[i] = keep("");
	return n;
}

/* Twice over the lines: types are named before they are described. */
static void read_table(char *text, int second)
{
	unsigned t = 0;

	for (char *line = text, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		if (!*line || *line == '#')
			continue;
		split(line);
		if (!strcmp(columns[0], "ns") && !second) {
			ns_prefix[n_ns] = keep(columns[1]);
			ns_uri[n_ns][0] = keep(columns[2]);
			ns_uri[n_ns++][1] = keep(columns[3]);
		} else if (!strcmp(columns[0], "class") && !second) {
			given[n_given].id = keep(columns[1]);
			given[n_given++].spec = keep(columns[2]);
		} else if (!strcmp(columns[0], "root") && !second) {
			roots[n_roots].kind = keep(columns[1]);
			roots[n_roots].elem = keep(columns[2]);
			roots[n_roots].type = keep(columns[3]);
			roots[n_roots++].prefixes = keep(columns[4]);
		} else if (!strcmp(columns[0], "type")) {
			if (!second) {
				types[n_types++].name = keep(columns[1]);
				continue;
			}
			types[t].text = class_of(strcmp(columns[2], "-") ? columns[2] : "none");
			pairs_of(columns[3], &types[t].attr, &types[t].n_attrs, 0);
			pairs_of(columns[4], &types[t].kid, &types[t].n_kids, 1);
			types[t].need = n_needs;
			for (char *save = NULL, *w = strtok_r(columns[5], " ", &save); w; w = strtok_r(NULL, " ",
			    &save))
				needs[n_needs++] = name_of(w);
			types[t].n_needs = n_needs - types[t].need;
			t++;
		}
	}
}

static void out_names(const char *x)
{
	static uint16_t hash[HASH];

	printf("const struct %s_name %s_names[] = {\n", x, x);
	for (unsigned i = 0; i < n_names; i++) {
		uint32_t h = 2166136261u ^ names[i].ns;

		for (const char *p = names[i].local; *p; p++)
			h = (h ^ (unsigned char)*p) * 16777619u;
		h ^= h >> 15;
		while (hash[h % HASH])
			h++;
		hash[h % HASH] = (uint16_t)(i + 1);
		printf("\t{\"%s\", %zu, %u},\n", names[i].local, strlen(names[i].local), names[i].ns);
	}
	printf("};\nconst uint16_t %s_hash[%d] = {", x, HASH);
	for (unsigned i = 0; i < HASH; i++)
		printf("%s%u,", i % 32 ? "" : "\n\t", hash[i]);
	printf("\n};\n");
}

static void out_classes(const char *x)
{
	printf("const char *const %s_words[] = {\n", x);
	for (unsigned i = 0; i < n_words; i++)
		printf("\t\"%s\",\n", words[i]);
	printf("\tNULL\n};\nconst struct %s_class %s_classes[] = {\n", x, x);
	for (unsigned i = 0; i < n_classes; i++) {
		for (char *p = classes[i].kind; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		printf("\t{%s_%s, %u, %u, %lldll%s, %lldll},\n", x, classes[i].kind, classes[i].first, classes[i].n,
		       classes[i].min == INT64_MIN ? classes[i].min + 1 : classes[i].min, classes[i].min == INT64_MIN
		    ? " - 1" : "", classes[i].max);
	}
	printf("};\n");
}

static void out_types(const char *x)
{
	printf("const struct %s_pair %s_pairs[] = {\n", x, x);
	for (unsigned i = 0; i < n_pairs; i++)
		printf("\t{%u, %u, %u},\n", pairs[i].name, pairs[i].value, pairs[i].flag);
	printf("};\nconst uint16_t %s_needs[] = {", x);
	for (unsigned i = 0; i < n_needs; i++)
		printf("%u, ", needs[i]);
	printf("0};\nconst struct %s_type %s_types[] = {\n", x, x);
	for (unsigned i = 0; i < n_types; i++)
		printf("\t{%u, %u, %u, %u, %u, %u, %u}, /* %s */\n", types[i].attr, types[i].kid, types[i].need,
		    types[i].n_attrs, types[i].n_kids,
		       types[i].n_needs, types[i].text, types[i].name);
	printf("};\nconst unsigned %s_n_types = %u;\n", x, n_types);
	printf("const struct %s_root %s_roots[] = {\n", x, x);
	for (unsigned i = 0; i < n_roots; i++)
		printf("\t{\"%s\", %u, %u, \"%s\"},\n", roots[i].kind, name_of(roots[i].elem), type_of(roots[i].type),
		    roots[i].prefixes);
	printf("};\nconst unsigned %s_n_roots = %u;\n", x, n_roots);
	printf("const struct %s_ns %s_ns[] = {\n", x, x);
	for (unsigned i = 0; i < n_ns; i++)
		printf("\t{\"%s\", \"%s\", \"%s\"},\n", strcmp(ns_prefix[i], "x") && i ? ns_prefix[i] : "",
		    ns_uri[i][0], ns_uri[i][1]);
	printf("};\nconst unsigned %s_n_ns = %u;\n", x, n_ns);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		die("usage: ooxmlc PREFIX HEADER TABLE");
	ns_prefix[0] = ns_uri[0][0] = ns_uri[0][1] = keep("");
	n_ns = 1;
	(void)name_of(keep(""));
	read_table(slurp(argv[3]), 0);
	read_table(slurp(argv[3]), 1);
	for (unsigned i = 0; i < n_roots; i++)
		(void)name_of(roots[i].elem);
	printf("/* Generated by tools/ooxmlc from %s. */\n#include \"%s\"\n\n", argv[3], argv[2]);
	for (unsigned i = 0; i < n_roots; i++)
		(void)type_of(roots[i].type);
	out_names(argv[1]);
	out_classes(argv[1]);
	out_types(argv[1]);
	return 0;
}
