#include "supervise/role.h"

/* Readers and the job process open the store that the writer has brought up to date first. */
static const struct {
	const char *name, *program, *after;
	unsigned stop_rank;
} table[] = {
	{"keys", "keys", NULL, 5},
	{"vault", "vault", NULL, 4},
	{"collect", "collect", "keys", 3},               /* where logs are to come in */
	{"search", "search", "vault", 3},
	{"detect", "detect", "vault", 3},
	{"audit", "vault", "vault", 3},                  /* the same program in a cell of its own: reads, writes nothing */
	{"auth", "auth", NULL, 3},
	{"office.writer", "office", NULL, 2},
	{"office.job", "office", "office.writer", 1},
	{"office.reader", "office", "office.writer", 1}, /* × readers */
	{"gate", "gate", "office.writer", 1},            /* × gates */
	{"watch", "watch", "office.writer", 0},          /* where there are folders to watch */
	{"front", "front", NULL, 0},
	{"front.net", "front", NULL, 0},                 /* on the Internet side, where there is one: transfers and sign-in alone */
};

/* Who has a pair with whom; "office.reader" and "gate" stand for each of them. Nobody else can send anybody anything. */
static const char *const talks[][2] = {
	{"front", "office.writer"},
	{"front", "office.reader"},
	{"front", "keys"},
	{"front.net", "office.writer"},
	{"front.net", "office.reader"},
	{"front.net", "keys"},
	{"office.writer", "auth"},
	{"office.writer", "vault"},
	{"office.reader", "vault"},
	{"office.job", "vault"},
	{"office.writer", "search"},
	{"office.reader", "search"},
	{"office.reader", "office.writer"},
	{"office.job", "office.writer"},
	{"vault", "keys"},
	{"collect", "vault"},
	{"collect", "keys"},
	{"collect", "office.writer"},
	{"detect", "vault"},
	{"detect", "office.writer"},
	{"office.writer", "audit"},
	{"office.writer", "gate"},
	{"watch", "office.writer"},
};

int house_find(const struct house *h, const char *name)
{
	for (size_t i = 0; i < h->n_roles; i++)
		if (strcmp(h->roles[i].name, name) == 0)
			return (int)i;
	return -1;
}

static void add_role(struct house *h, size_t row, const char *name)
{
	h->roles[h->n_roles] = (struct role){.program = table[row].program, .stop_rank = table[row].stop_rank, .sup = -1,
	                                     .after = table[row].after ? house_find(h, table[row].after) : -1};
	snprintf(h->roles[h->n_roles++].name, CHILD_NAME_MAX, "%s", name);
}

/* How many there are of what is not there once. */
static unsigned copies(const char *name, const struct house_options *o)
{
	return strcmp(name, "office.reader") == 0 ? o->readers : strcmp(name, "gate") == 0 ? o->gates : 0;
}

/* "office.reader" names every reader, "gate" every gate, another name only itself. */
static bool stands_for(const char *entry, const char *name)
{
	size_t n = strlen(entry);
	return strncmp(entry, name, n) == 0 &&
	       (name[n] == 0 || (name[n] == '.' && (strcmp(entry, "office.reader") == 0 || strcmp(entry, "gate") == 0)));
}

static void add_pairs(struct house *h, const char *const entry[2])
{
	for (size_t a = 0; a < h->n_roles; a++)
		for (size_t b = 0; stands_for(entry[0], h->roles[a].name) && b < h->n_roles; b++)
			if (stands_for(entry[1], h->roles[b].name))
				h->pairs[h->n_pairs++] = (struct pair){.role = {(int)a, (int)b}, .waiting = {-1, -1}};
}

void house_init(struct house *h, const struct house_options *o)
{
	*h = (struct house){0};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		bool many = strcmp(table[i].name, "office.reader") == 0 || strcmp(table[i].name, "gate") == 0;
		bool job = strcmp(table[i].name, "office.job") == 0;
		if ((!o->front && strcmp(table[i].name, "front") == 0) || (!o->front_net && strcmp(table[i].name, "front.net") == 0) || (!o->collect && strcmp(table[i].name, "collect") == 0) ||
		    (!o->watch && strcmp(table[i].name, "watch") == 0) ||
		    (o->oneshot && (many || job || strcmp(table[i].name, "search") == 0 || strcmp(table[i].name, "detect") == 0 || strcmp(table[i].name, "audit") == 0)))
			continue;
		for (unsigned k = 0; many && k < copies(table[i].name, o) && k < READERS_MAX; k++) {
			char name[CHILD_NAME_MAX];
			snprintf(name, sizeof name, "%s.%u", table[i].name, k);
			add_role(h, i, name);
		}
		if (!many)
			add_role(h, i, table[i].name);
	}
	for (size_t i = 0; i < ARRAY_LEN(talks); i++)
		add_pairs(h, talks[i]);
}
