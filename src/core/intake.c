#include "core/intake.h"

const char *const intake_kinds[INTAKE_KINDS] = {
	"udp", "tcp", "tls", "relp", "relps", "http", "https", "unix", "unix-stream", "file",
};

bool intake_is_path(enum intake_kind k)
{
	return k == INTAKE_UNIX || k == INTAKE_UNIX_STREAM || k == INTAKE_FILE;
}

bool intake_parse(struct str s, enum intake_kind *ret_kind, struct str *ret_where)
{
	struct str where = str_trim(s), kind = str_cut(&where, ':');
	for (size_t i = 0; i < INTAKE_KINDS; i++) {
		if (!str_is(kind, intake_kinds[i]))
			continue;
		if (!where.n || where.n > 200 || (intake_is_path((enum intake_kind)i) && where.p[0] != '/'))
			return false;
		*ret_kind = (enum intake_kind)i;
		*ret_where = where;
		return true;
	}
	return false;
}
