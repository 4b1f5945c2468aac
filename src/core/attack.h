/* Somebody inside: what a process tries after its sandbox is entered, when it was built with SEKISHO_ATTACK (`make attack`;
 * never installed). The results go to a board in a file shared with test/e2e/attack.sh, so that an attempt that ends in the
 * death of the process is seen as well: the supervisor brings it back and it goes on with the next one. */
#ifndef CORE_ATTACK_H
#define CORE_ATTACK_H

struct child;

/* Maps this role's board in the folder named by SEKISHO_ATTACK, while files can still be opened. */
void attack_open(const struct child *c);
/* Makes the attempts that this role has not made yet, one after the other from its loop. */
void attack_run(struct child *c);

#endif
