/* The package: which parts there are, which of them are reached from the main part over relationships we keep,
 * what they are
 * called in the output. */
#ifndef GATE_OOXML_PACKAGE_H
#define GATE_OOXML_PACKAGE_H

#include "gate-ooxml/filter.h"
#include "gate-ooxml/kinds.h"
#include "rebuild/worker.h"

#define PARTS_MAX 8000u
#define RELATIONS_MAX 20000u

struct relation {
	struct str id, type, target;                     /* type: the last step only */
	bool external, implicit, known;
	const struct kind *kind;                         /* NULL: dropped */
	struct part *part;                               /* once it was asked for */
	bool made;                                       /* nobody had asked for the part before */
	unsigned number;                                 /* in the output; 0: not used */
};

struct part {
	const struct zip_entry *entry;
	const struct kind *kind;
	struct str path;                                 /* in the output */
	const char *type;                                /* content type of pictures */
	struct str name;                                 /* in the input */
	struct relation *relations;
	unsigned n_relations, used;
	struct relation **order;                         /* by number */
	struct zip_packed packed;
	const struct part *sheet;                        /* a drawing of comments: whose */
	bool there, failed;
};

/* A document inside, once it was asked for: through the gate by itself. */
struct inside {
	bool asked;
	struct str clean, language;                      /* empty: it did not pass */
};

struct package {
	struct job *j;
	struct zip zip;
	struct str *types;                               /* content type of each entry, as said */
	struct part **of;                                /* the part made of each entry */
	struct inside *inside;                           /* the document in each entry */
	struct part *list[PARTS_MAX];
	unsigned n_parts, counters[64];
	struct part *app;                                /* the program's name, or NULL */
	struct kind root;                                /* stands for the package: name is the format */
	const char *base;                                /* "word/" … */
	bool links;
	unsigned drawings;                               /* EMF, WMF, SVG met so far */
};
#define DRAWINGS_MAX 20u                             /* each starts LibreOffice */

/* Content types and the relationships of the package and of every part: small XML without words. ERR_SYNTAX with
 * *ret_code. */
int package_types(struct package *pk, const char **ret_code) MUST_USE;
int package_relations(struct package *pk, struct part *p, const char **ret_code) MUST_USE;
/* Where a relationship leads, as an entry; NULL when nowhere. from: name of the part it is said in. */
const struct zip_entry *package_target(const struct package *pk, struct str from, struct str target);

/* inside.c: pictures and documents inside go the whole way through the gate by themselves. */
/* What cannot come back becomes the placeholder. */
void inside_picture(struct package *pk, struct part *p);
/* Does the document in that entry pass? Asked once. */
bool inside_passes(struct package *pk, const struct zip_entry *en);
/* Fills in the part it becomes. */
void inside_document(struct package *pk, struct part *p);

#endif
