#!/usr/bin/env bash
# All texts of the sources and the compiled templates as a catalogue template: po-extract.sh BUILD OUT
set -eu
cd "$(dirname "$0")/.."
find src -name '*.[ch]' ! -name '*_test.c' ! -name 'fuzz_*' | LC_ALL=C sort >"$2.files"
echo "$1/gen/tpl.c" >>"$2.files"
xgettext --language=C --from-code=UTF-8 --no-location --no-wrap --add-comments=TRANSLATORS: \
  --keyword --keyword=_ --keyword=N_ --keyword=i18n_text --keyword=i18n_plural:1,2 \
  --files-from="$2.files" --output="$2"
