# Test, lint, fuzz, bench targets. Included by the Makefile.
deps:
	@./deps.sh run build
test:
	@./deps.sh run build test
	@$(MAKE) --no-print-directory check
check: unit
	@test/e2e.sh $(O)
clean:
	rm -rf build build-san

# --- words: takes new texts from the sources into po/ja.po (untranslated), drops those no longer used ----------------
.PHONY: po
po: $(O)/gen/tpl.c
	@test/po-extract.sh $(O) $(O)/gen/sekisho.pot
	msgmerge --quiet --update --backup=none --no-fuzzy-matching --no-location --no-wrap po/ja.po $(O)/gen/sekisho.pot
	msgattrib --no-obsolete --no-wrap -o po/ja.po po/ja.po
	@echo "untranslated: $$(msgattrib --untranslated po/ja.po | grep -c '^msgid [^"]*"[^"]')"
