/* A watched folder: other systems put files into in/, what passed the gate comes out in out/, with the gate's report beside it; the
 * originals go to done/ or held/. What is on its way stands in in/ until its end, so that nothing is lost with this process: handed over
 * again it is the same record (the word `once`). */
#ifndef WATCH_FOLDER_H
#define WATCH_FOLDER_H

#include "lib/err.h"
#include "lib/str.h"

#define FOLDERS_MAX 4
#define ITEMS_MAX 32                                     /* on their way at once, of one folder */
#define NAME_MAX_HERE 255

struct item {
	char name[NAME_MAX_HERE + 1], key[65];
	int64_t id;                                      /* of the transfer; 0: not handed over yet */
	int64_t next;                                    /* when it is looked after again (clock_mono) */
	unsigned tries;
};

struct folder {
	char path[256];
	int in, out, done, held;                         /* -1 until opened */
	int watch;                                       /* of inotify */
	char token[200], direction[8], class_c[16], purpose[400], recipients[400], outside[200], provision[20];
	bool personal;
	struct item items[ITEMS_MAX];
	size_t n;
	char told[64][NAME_MAX_HERE + 1];                /* names that the kernel said are complete, a ring */
	size_t n_told;
};

/* Reads PATH/watch.conf and makes the folders that are missing. Before the sandbox. */
int folder_read(struct folder *f, const char *path, struct err *e) MUST_USE;
/* Opens the folders where they are seen inside. */
int folder_open(struct folder *f, const char *seen, struct err *e) MUST_USE;
void folder_told(struct folder *f, struct str name);
/* Takes complete files of in/ up as items. */
void folder_scan(struct folder *f);
/* The file of an item, open; -1 when it is gone or another one by now. */
int folder_file(const struct folder *f, const struct item *it, int64_t *ret_size);
/* What passed: PATH/out/NAME, written whole. taken: the name it got (another when there is one already). */
int folder_put_out(struct folder *f, const struct item *it, struct str name, int from, int64_t size, struct str report, struct err *e) MUST_USE;
/* The original to done/ or held/ (there with the report); the item ends. */
int folder_end(struct folder *f, struct item *it, bool passed, struct str report, struct err *e) MUST_USE;

#endif
