/* YAML: any bytes give a tree within the limits or an error with a text. */
#include "lib/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static size_t walk(const struct yaml_node *y, int depth)
{
	size_t nodes = 1;
	if (depth > YAML_DEPTH_MAX || y->line < 1 || y->col < 1)
		__builtin_trap();
	for (size_t i = 0; i < y->n; i++) {
		nodes += walk(y->items[i], depth + 1);
		if (y->kind != YAML_MAP)
			continue;
		nodes += walk(y->keys[i], depth + 1);
		for (size_t k = 0; k < i && i < 50; k++)
			if (str_eq(y->keys[k]->text, y->keys[i]->text))
				__builtin_trap();
	}
	return nodes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(n % 2 ? 8u << 20 : 2000);
	struct yaml_node *root = NULL;
	struct err e = { 0 };
	int r = yaml_parse(a, "f", str_n(data, n), &root, &e);
	if (r ? e.code != r || !e.text[0] : walk(root, 0) > YAML_NODES_MAX)
		__builtin_trap();
	arena_free(a);
	return 0;
}
