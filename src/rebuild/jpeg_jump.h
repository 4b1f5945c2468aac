/* What libjpeg does when it cannot go on: it would end the program; so it jumps back to whoever called it, and says nothing.
 *
 *	struct jpeg_jump err;
 *	c.err = jpeg_jump_init(&err);
 *	if (setjmp(err.out)) … it gave up … */
#ifndef REBUILD_JPEG_JUMP_H
#define REBUILD_JPEG_JUMP_H

#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>

#include <jpeglib.h>

struct jpeg_jump {
	struct jpeg_error_mgr m;
	jmp_buf out;
};

/* Lasts as long as j. */
struct jpeg_error_mgr *jpeg_jump_init(struct jpeg_jump *j);

#endif
