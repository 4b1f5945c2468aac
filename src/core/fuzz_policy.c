/* Trust policies as somebody wrote them. */
#include <stdlib.h>

#include "core/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct policy policy;

	if (policy_parse(str_n(p, n), &policy, NULL))
		return 0;
	if (policy.n_logs > POLICY_LOGS_MAX || policy.n_nodes > POLICY_NODES_MAX || policy.quorum > POLICY_NODES_MAX)
		abort();
	for (size_t i = 0; i < policy.n_nodes; i++)
		if (policy.nodes[i].parent <= i || policy.nodes[i].k > policy.nodes[i].n)
			abort();
	(void)!policy_check(&policy, str_n(p, n), NULL, NULL, NULL, NULL);
	return 0;
}
