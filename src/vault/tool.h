/* `sekisho vault …`: what anybody may ask of a vault folder, running or at rest, without the vault and without a key.
 *
 *   verify DIR [--vkey KEY] [--known FILE]… [--json]     the whole audit
 *   prove DIR INDEX [--entry FILE] [--json]              a C2SP tlog-proof
 *   prove-consistency DIR OLD NEW [--json]               that the log of NEW entries continues the one of OLD
 *   check-proof FILE --vkey KEY --entry FILE [--json]    a proof against the key alone: no folder needed
 *   new-origin DIR --reason TEXT                         the same entries as a log of another name (at rest only)
 *   show DIR INDEX | --from A --to B [--json]            entries
 *   search DIR QUERY [--log NAME] [--since T] [--until T] [--limit N] [--scan] [--json]
 *                                                        entries that fit (tlog/query.h): 0 some, 1 none
 *   reindex DIR [--log NAME] [--scan]                    makes what is missing of the index; --scan: all of it
 *
 * DIR is a vault folder or a data folder that has one. Exit codes: 0 yes, 1 not proven, 2 wrong use, 3 failure. */
#ifndef VAULT_TOOL_H
#define VAULT_TOOL_H

int tool_main(int argc, char **argv);
/* --init DIR [--origin NAME]: makes an empty log in DIR/vault, unless there is one. */
int tool_init(int argc, char **argv);

#endif
