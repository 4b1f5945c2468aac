#!/usr/bin/env bash
# Evidence bundles: proven by two verifiers that have nothing of ours, and by neither once anything of it was changed, also by somebody
# who makes the manifests right again.
set -u
O=$(realpath "${O:-build}") S="$O/sekisho" failed=0
W=$(mktemp -d) && cd "$W" || exit 3
trap 'rm -rf "$W"' EXIT
export LC_ALL=C.UTF-8
ok() { if [ "$2" = "$3" ]; then echo "ok $1"; else echo "FAIL $1: want [$3], got [$2]"; failed=1; fi; }
for i in $(seq 1 300); do echo "<34>Oct 11 22:14:15 web$((i % 7)) sshd[$i]: Failed password for user$i from 10.0.0.$((i % 250)) port 22"; done >lines
"$S" vault ingest v <lines >/dev/null 2>&1
ok made "$("$S" vault bundle v 'user70 OR user75 OR user81' b --reason 調査 --json | jq -c '[.entries, .from, .to, .noted]')" "[3,69,81,true]"
ok in-the-log "$("$S" vault show v 300 | grep -c '"type":"bundle","from":69,"to":81,"entries":3')" 1
cc -Wall -Wextra -Werror -o verify b/verify.c -lcrypto; ok c-compiles "$?" 0
key=$(cat b/data/vkey)
ok sh-proves "$(sh b/verify.sh "$key" | cut -d' ' -f1-2)" "PROVEN: 3"
ok c-proves "$(cd b && ../verify "$key" | cut -d' ' -f1-2)" "PROVEN: 3"
ok own-key-is-said "$(cd b && ../verify | grep -c '^note: the key is')" 1
ok other-shell "$(if command -v dash >/dev/null; then dash b/verify.sh "$key" | cut -c1-6; else echo PROVEN; fi)" PROVEN
ok nothing-found "$("$S" vault bundle v nobodyatall c --reason x >/dev/null 2>&1; echo "$? $(ls c 2>/dev/null)")" "1 "
ok reason-wanted "$("$S" vault bundle v user70 c >/dev/null 2>&1; echo $?)" 2
ok not-over-another "$("$S" vault bundle v user70 b --reason x >/dev/null 2>&1; echo $?)" 3
ok bag "$(cut -d: -f1 b/bag-info.txt | paste -sd' ') $(head -1 b/bagit.txt)" "Bagging-Date Bag-Software-Agent External-Identifier Payload-Oxum BagIt-Version: 1.0"
ok oxum "$(sed -n 's/^Payload-Oxum: //p' b/bag-info.txt)" "$(find b/data -type f -printf '%s\n' | awk '{s += $1} END {print s "." NR}')"

bag() { # makes the manifests fit whatever lies there now
	(cd "$1" && find data -type f | sort | xargs sha256sum >manifest-sha256.txt &&
		sha256sum bagit.txt bag-info.txt VERIFY.md verify.sh verify.c manifest-sha256.txt >tagmanifest-sha256.txt)
}
tamper() { # name, command in the bundle; the manifests are made right afterwards unless it says "raw"
	rm -rf t; cp -r b t; (cd t && eval "$2"); [ "${3:-}" = raw ] || bag t
	ok "tamper-$1" "$(sh t/verify.sh "${4:-$key}" | tail -1 | cut -c1-10) $(cd t && ../verify "${4:-$key}" | tail -1 | cut -c1-10)" "NOT PROVEN NOT PROVEN"
}
E1=data/entries/00000000000000000069.bin E2=data/entries/00000000000000000074.bin
tamper entry-raw "printf x >>$E1" raw
tamper file-missing "rm data/custody.jsonl" raw
tamper entry-changed "sed -i 's/user70/user71/' $E1"
tamper entry-and-leaf "sed -i 's/user70/user71/' $E1; h=\$( { printf '\\000'; cat $E1; } | openssl dgst -sha256 -binary | base64); awk -v h=\"\$h\" '/^leaf/ && !d {print \"leaf \" h; d = 1; next} {print}' data/range.txt >r && mv r data/range.txt"
tamper entries-swapped "mv $E1 x; mv $E2 $E1; mv x $E2"
tamper leaf-dropped "sed -i '0,/^leaf/{/^leaf/d}' data/range.txt; sed -i 's/^to 81/to 80/' data/range.txt"
tamper leaf-added "sed -i '0,/^leaf.*/{s/^leaf.*/&\n&/}' data/range.txt; sed -i 's/^to 81/to 82/' data/range.txt"
tamper leaves-swapped "awk '/^leaf/ && !a {a = \$0; next} /^leaf/ && !b {print; print a; b = 1; next} {print}' data/range.txt >r && mv r data/range.txt"
tamper shifted "sed -i 's/^from 69/from 70/; s/^to 81/to 82/' data/range.txt; for i in 80 74 69; do mv data/entries/000000000000000000\$i.bin data/entries/000000000000000000\$((i + 1)).bin; done"
tamper right-dropped "sed -i '\$d' data/range.txt"
tamper left-changed "sed -i '0,/^left ./s/^left ./left A/; 0,/^left A[^A]/s/^left A[^A]/left AB/' data/range.txt"
tamper size "sed -i 's/^size .*/size 299/' data/range.txt; sed -i '2s/.*/299/' data/checkpoint"
tamper root "sed -i '3s/^./A/;3s/^A[^Q]/AQ/' data/checkpoint"
tamper unsigned "sed -i '/^$/,\$d' data/checkpoint; echo >>data/checkpoint"
tamper other-key "true" fit "$("$S" vault ingest w <lines >/dev/null 2>&1; cat w/vkey)"
tamper another-log "cp ../w/checkpoint data/checkpoint; cp ../w/vkey data/vkey"
# A bundle of somebody who wants more than to deceive: its words are never run

IN="a;touch\${IFS}pwned;#"
for at in left leaf right; do
	tamper "command-in-$at" "sed -i '0,/^$at .*/{s/^$at .*/$at $IN/}' data/range.txt"
	ok "no-command-of-$at" "$(ls t/pwned 2>/dev/null)" ""
done
tamper command-in-from "sed -i 's/^from 69/from h[\$(touch\${IFS}pwned)]/' data/range.txt"
bash t/verify.sh "$key" >/dev/null; ok no-command-of-from "$(ls t/pwned 2>/dev/null)" ""
tamper option-as-name "echo \"\$(printf x | sha256sum | cut -d' ' -f1)  -out\" >>manifest-sha256.txt; sha256sum bagit.txt bag-info.txt VERIFY.md verify.sh verify.c manifest-sha256.txt >tagmanifest-sha256.txt" raw
# A range told twice, the first time with an entry that never was
tamper range-twice "printf 'never was' >data/entries/00000000000000000200.bin; h=\$( { printf '\\000'; cat data/entries/00000000000000000200.bin; } | openssl dgst -sha256 -binary | base64); { echo 'from 200'; echo \"leaf \$h\"; cat data/range.txt; } >r; mv r data/range.txt"
tamper entry-outside "printf x >data/entries/00000000000000000200.bin"
tamper file-unnamed "printf x >data/more" raw
tamper file-linked "ln -s /etc/passwd data/more" raw

# RFC 3161: a time stamp over the checkpoint, by an authority of our own
cat >tsa.cnf <<'C'
[tsa]
default_tsa = t
[t]
serial = tsaserial
default_policy = 1.2.3.4
signer_digest = sha256
digests = sha256
accuracy = secs:1
[ext]
extendedKeyUsage = critical,timeStamping
[req]
distinguished_name = dn
[dn]
C
openssl req -x509 -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.pem -subj /CN=TSA -days 2 -config tsa.cnf -extensions ext 2>/dev/null; echo 01 >tsaserial
openssl ts -query -data v/checkpoint -sha256 -cert -out q.tsq 2>/dev/null
openssl ts -reply -queryfile q.tsq -signer tsa.pem -inkey tsa.key -config tsa.cnf -out r.tsr 2>/dev/null
"$S" vault bundle v user70 ts --reason x --timestamp r.tsr >/dev/null
ok timestamp "$(openssl ts -verify -data ts/data/checkpoint -in ts/data/timestamp.tsr -CAfile tsa.pem 2>&1 | grep -c 'Verification: OK')" 1
ok timestamp-bag "$(sh ts/verify.sh "$key" | cut -c1-6)" PROVEN
echo x >>ts/data/checkpoint
ok timestamp-changed "$(openssl ts -verify -data ts/data/checkpoint -in ts/data/timestamp.tsr -CAfile tsa.pem 2>&1 | grep -c 'Verification: OK')" 0
# A copy of the folder without its key
cp -r v copy && rm -rf copy/key
ok copy "$("$S" vault bundle copy user70 c2 --reason x --json 2>/dev/null | jq .noted) $(sh c2/verify.sh "$key" | cut -c1-6) $(ls -d copy/key 2>/dev/null)" "false PROVEN "
exit $failed
