/* embed: files into the program.
 *
 *   embed -o build/gen/embed style/base.css build/gen/ja.mo …
 *
 * Writes embed.c (bytes by the assembler's .incbin, so that large files cost no compile time) and embed.h. The hash
 * names a version of the content in URLs and ETags; it protects nothing, so FNV-1a with 64 bits is enough. */
#include <stdint.h>

#include "tool.h"

static const char *media_type(const char *name)
{
	static const struct {
		const char *suffix, *type;
	} types[] = {
		{ ".css", "text/css; charset=utf-8" },   { ".js", "text/javascript; charset=utf-8" },
		{ ".svg", "image/svg+xml" },             { ".png", "image/png" },
		{ ".ico", "image/x-icon" },              { ".woff2", "font/woff2" },
		{ ".html", "text/html; charset=utf-8" }, { ".json", "application/json" },
		{ ".txt", "text/plain; charset=utf-8" }, { ".webmanifest", "application/manifest+json" },
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++)
		if (!strcmp(dot, types[i].suffix))
			return types[i].type;
	return "application/octet-stream";
}

static uint64_t fnv1a(const char *path, long *ret_size)
{
	FILE *f = fopen(path, "rb");
	uint64_t h = 0xcbf29ce484222325u;
	int c;

	if (!f)
		die("%s: %s", path, strerror(errno));
	*ret_size = 0;
	while ((c = getc(f)) != EOF) {
		h = (h ^ (uint64_t)c) * 0x100000001b3u;
		++*ret_size;
	}
	if (ferror(f))
		die("%s: cannot read", path);
	fclose(f);
	return h;
}

static const char HEADER[] =
    "/* Made by tools/embed. Files that the program carries; a name is the file's own, without its folder. */\n"
    "#ifndef GEN_EMBED_H\n#define GEN_EMBED_H\n\n#include <stddef.h>\n\n"
    "struct embed_file {\n\tconst char *name, *hash, *type;\n\tconst unsigned char *bytes;\n\tsize_t size;\n};\n\n"
    "extern const struct embed_file embed_files[];\n#define N_EMBED %d\n\n#endif\n";

int main(int argc, char **argv)
{
	FILE *c, *h;

	if (argc < 3 || strcmp(argv[1], "-o"))
		die("usage: embed -o STEM FILE...");
	c = open_out(argv[2], ".c");
	h = open_out(argv[2], ".h");
	fprintf(h, HEADER, argc - 3);
	fputs("/* Made by tools/embed. */\n#include \"embed.h\"\n\n", c);
	for (int i = 3; i < argc; i++) {
		if (strpbrk(argv[i], "\"\\\n"))
			die("%s: cannot stand in a string", argv[i]);
		fprintf(c, "__asm__(\".section .rodata\\n.balign 16\\nembed_%d:\\n.incbin \\\"%s\\\"\\n.byte 0\\n.previous\\n\");\n"
		           "extern const unsigned char embed_%d[];\n", i - 3, argv[i], i - 3);
	}
	fputs("\nconst struct embed_file embed_files[] = {\n", c);
	for (int i = 3; i < argc; i++) {
		const char *name = strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i];
		long size;
		uint64_t hash = fnv1a(argv[i], &size);

		fprintf(c, "\t{ \"%s\", \"%016llx\", \"%s\", embed_%d, %ld },\n", name, (unsigned long long)hash,
		        media_type(name), i - 3, size);
	}
	fputs("\t{ NULL, NULL, NULL, NULL, 0 }\n};\n", c);
	if (fclose(c) || fclose(h))
		die("write failed");
	return 0;
}
