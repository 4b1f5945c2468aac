#!/usr/bin/env bash
# The template compiler: what it must refuse, with its place; what it must escape, by compiling and running the result.
set -u
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
fail=0
tplc=$O/tools/tplc
bad() { # NAME PLACE TEXT TEMPLATE
  printf '%s' "$4" >"$T/$1.html"
  out=$("$tplc" -o "$T/out" "$T/$1.html" 2>&1)
  if [ $? = 1 ] && [[ $out == *"$1.html:$2: "*"$3"* ]]; then echo "ok refuses $1"
  else echo "FAIL $1: expected $2 $3, got: $out"; fail=1; fi
}
bad unquoted 1:33 'must be quoted' '{fields} str a {end}<p><b class={a}>x</b>'
bad hole_in_tag 1:26 'quoted attribute' '{fields} str a {end}<p a {a}>'
bad tag_name 1:22 'tag name' '{fields} str a {end}<{a}>'
bad script 1:29 'no hole in <script>' '{fields} str a {end}<script>{a}</script>'
bad style 1:28 'no hole in <style>' '{fields} str a {end}<style>{a}</style>'
bad onclick 1:24 'not allowed' '{fields} str a {end}<a onclick="{a}">'
bad inline_style 1:4 'not allowed' '<p style="x">'
bad str_as_url 1:30 'starts with a url field' '{fields} str a {end}<a href="{a}">'
bad url_after_scheme 1:41 'starts with a url field' '{fields} str a {end}<a href="javascript:{a}">'
bad double_slash 1:10 'starts with //' '<a href="//x">'
bad text_in_url 1:32 'cannot stand in href' '{fields} text a {end}<a href="/{a}">'
bad markup_in_attr 1:49 'markup' '{fields} tpl a of markup_in_attr {end}<a title="{a}">'
bad raw_html 1:10 'unknown field type' '{fields} html a {end}'
bad bool_hole 1:25 'cannot be written' '{fields} bool a {end}<p>{a}'
bad unknown 1:25 'no field "b"' '{fields} str a {end}<p>{b}'
bad unknown_in_text 1:4 'no field "b"' '<p>{t "x {b}"}'
bad branches 2:27 'different places' $'{fields} bool a {end}\n{if a}<p class="x{else}<p>{end}">'
bad loop 1:50 'does not end where it began' '{fields} list r { str a } {end}{for x in r}<p a="{end}">'
bad no_end 1:22 'no {end}' '{fields} bool a {end}{if a}x'
bad stray_end 1:4 '{end} without' '<p>{end}'
bad type 1:10 'unknown field type' '{fields} sting a {end}'
bad twice 1:20 'used twice' '{fields} str a str a {end}'
bad reserved 1:14 'reserved' '{fields} str for {end}'
bad inside 1:8 'ends inside' '<a x="y'
bad less 1:5 '&lt;' '<p> < '
bad made 1:1 'is made for the list' '{fields} int n_a list a { str b } {end}'
bad missing 1:1 'does not exist' '{fields} tpl a of nowhere {end}'

cat >"$T/item.html" <<'E'
{fields} str code {end}<i class="s-{code}">{code}</i>
E
cat >"$T/all.html" <<'E'
{fields}
  str a      # a remark
  text note
  int n
  num big
  bool yes
  url link
  date day
  tpl one of item
  tpl none of item
  list items of item
  list rows { str k list cells { str v } }
{end}
<h1 class="c{if yes} on{end}" title="{t "Hello {a}"}">
  {a}
</h1>
{# not seen #}
<a href="{link}">x</a> <a href="/p/{a}?n={n}#{a}">y</a>
<textarea name="n">{note}</textarea>
<p>{note} {{ {big}</p>{one}{none}
{for i in items}{i}{end}
{for r in rows}<p>{r.k}:{for c in r.cells}{c.v},{else}none{end}</p>{else}<p>empty</p>{end}
{if n == 3 and yes}three{elif n}some{else}nothing{end}{if not yes or a == "z"}!{end}
{tn n "{n} item" "{n} items"} {rows.count}<input value="{day}"{if yes} checked{end}>
E
cat >"$T/main.c" <<'E'
#include <stdio.h>
#include "out.h"
#include "lib/i18n.h"
int main(int argc, char **argv)
{
	struct html h;
	struct tpl_item one = {STR("\"1")}, items[2] = {{STR("x")}, {STR("y")}};
	struct tpl_all_rows_cells cells[2] = {{STR("<")}, {STR("v2")}};
	struct tpl_all_rows rows[2] = {{STR("k1"), cells, 2}, {.k = STR("k2")}};
	struct tpl_all f = {.a = STR("a<&\"/"), .note = STR("\nl1\nl2"), .n = 3, .big = 12345, .yes = argc > 1, .link = STR("javascript:1"),
		.day = STR("2026-11-20"), .one = &one, .items = items, .n_items = 2, .rows = rows, .n_rows = 2};
	struct tpl_all empty = {.n = 1};
	i18n_set(LANG_EN);
	html_init(&h, 10000);
	tpl_all(&h, argc > 2 ? &empty : &f);
	fwrite(h.out.p, 1, h.out.n, stdout);
	html_release(&h);
	return buf_err(&h.out) ? 1 : 0;
}
E
"$tplc" -o "$T/out" "$T/all.html" "$T/item.html" || exit 1
sed -i 's/#include "tpl.h"/#include "out.h"/' "$T/out.c"
cc -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers -Isrc -I"$T" "$T/main.c" "$T/out.c" "$O/lib.a" \
  ${SAN:+-fsanitize=address,undefined} -lunistring -lcrypto -o "$T/run" || exit 1
is() { # NAME EXPECTED ACTUAL
  if [ "$2" = "$3" ]; then echo "ok $1"; else printf 'FAIL %s\nexpected %s\ngot      %s\n' "$1" "$2" "$3"; fail=1; fi
}
is writes '<h1 class="c on" title="Hello a&lt;&amp;&quot;/">a&lt;&amp;&quot;/</h1><a href="#">x</a> <a href="/p/a%3C%26%22%2F?n=3#a%3C%26%22%2F">y</a><textarea name="n">

l1
l2</textarea><p><br>l1<br>l2 { 12,345</p><i class="s-&quot;1">&quot;1</i><i class="s-x">x</i><i class="s-y">y</i><p>k1:&lt;,v2,</p><p>k2:none</p>three3 items 2<input value="2026-11-20" checked>' "$("$T/run" yes)"
is empty '<h1 class="c" title="Hello "></h1><a href="">x</a> <a href="/p/?n=1#">y</a><textarea name="n">
</textarea><p> { 0</p><p>empty</p>some!1 item 0<input value="">' "$("$T/run" yes empty)"
"$tplc" -o "$T/none" && grep -q GEN_TPL_H "$T/none.h" && echo "ok works with no templates" || { echo "FAIL no templates"; fail=1; }
exit $fail
