#include "rebuild/jpeg_jump.h"

static void give_up(j_common_ptr c)
{
	longjmp(((struct jpeg_jump *)(void *)c->err)->out, 1);
}

static void quiet(j_common_ptr c)
{
	(void)c;
}

struct jpeg_error_mgr *jpeg_jump_init(struct jpeg_jump *j)
{
	jpeg_std_error(&j->m);
	j->m.error_exit = give_up;
	j->m.output_message = quiet;
	return &j->m;
}
