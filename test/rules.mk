# Test, lint, fuzz, bench targets. Included by the Makefile.
deps:
	@./deps.sh run build
test:
	@./deps.sh run build test
	@$(MAKE) --no-print-directory -j$$(nproc) unit
	@test/e2e.sh $(O)
check: unit
	@test/e2e.sh $(O)
# --- somebody inside: the same programs with attempts built in (src/core/attack.h), beside the others; never installed --
ATTACK_SRC  := core/attack core/child supervise/super
ATTACK_O    := $(patsubst %,$(O)/attack/obj/%.o,$(ATTACK_SRC))
ATTACK_BINS := $(patsubst %,$(O)/attack/libexec/sekisho/%,$(filter-out cli,$(PROGRAMS)))
.PHONY: attack
attack: all $(ATTACK_BINS)
	@cp -f $(O)/sekisho $(O)/attack/sekisho
	@ln -sfn ../share $(O)/attack/share
$(O)/attack/obj/%.o: src/%.c | $(GEN_H)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -DSEKISHO_ATTACK $(CFLAGS) -c $< -o $@
define attack_rule
$(O)/attack/libexec/sekisho/$(1): $(O)/libexec/sekisho/$(1) $(ATTACK_O)
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS) $$(filter-out %/supervise/super.o,$$(OBJ_$(1))) $$(filter-out $(if $(filter supervise,$(1)),,%/super.o),$(ATTACK_O)) \
	  $(LAYERS) $$(LIBS_$(1)) -o $$@
endef
$(foreach p,$(filter-out cli,$(PROGRAMS)),$(eval $(call attack_rule,$(p))))
-include $(wildcard $(O)/attack/obj/*/*.d)

# --- a rebuilder of the gate that is taken over (test/e2e/gate-attack.sh); never installed -----------------------------
JAIL_O := $(O)/obj/gate-office/jail.o $(O)/obj/gate-office/tree.o
$(O)/test/gate-attacker: test/gate_attacker.c $(JAIL_O) $(LAYERS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $< $(JAIL_O) $(LAYERS) $(call PKG_LIBS,libseccomp libcrypto zlib libdeflate) -o $@

# --- what takes long: a thousand kills, every cell of the permission matrix (SEED= for another order) ------------------
.PHONY: soak soak-kills soak-matrix
soak: soak-kills soak-matrix
soak-kills: all
	KILLS=1000 SEED=$(or $(SEED),1) O=$(abspath $(O)) test/e2e/kills.sh
soak-matrix: all $(O)/test/office/permissions_test
	SECONDS_MAX=0 SEED=$(or $(SEED),1) O=$(abspath $(O)) test/e2e/matrix.sh

# --- numbers (RECORDS= fewer for a quick look) ---------------------------------------------------------------------------
bench: all
	@./deps.sh bench
	bench/run.sh $(O)/sekisho $(RECORDS)

clean:
	rm -rf build build-san

# --- words: takes new texts from the sources into po/ja.po (untranslated), drops those no longer used ----------------
.PHONY: po
po: $(O)/gen/tpl.c
	@test/po-extract.sh $(O) $(O)/gen/sekisho.pot
	msguniq --use-first --no-wrap -o po/ja.po po/ja.po
	msgmerge --quiet --update --backup=none --no-fuzzy-matching --no-location --no-wrap po/ja.po $(O)/gen/sekisho.pot
	msgattrib --no-obsolete --no-wrap -o po/ja.po po/ja.po
	@echo "untranslated: $$(msgattrib --untranslated po/ja.po | grep -c '^msgid [^"]*"[^"]')"

# --- fuzzing: every src/*/fuzz_*.c, built with clang; FUZZ_SECONDS each, FUZZ="csv yaml" for some ---------------------
# A target of src/lib is linked with lib alone; others with their folder (but main.c), core, generated code and lib.
FUZZ_SECONDS ?= 600
FUZZ_CC      ?= clang
FUZZ_O       := build-fuzz
FUZZ_SRC     := $(wildcard src/*/fuzz_*.c)
FUZZ         ?= $(patsubst fuzz_%,%,$(basename $(notdir $(FUZZ_SRC))))
FUZZ_BINS     = $(foreach f,$(FUZZ),$(patsubst src/%.c,$(FUZZ_O)/%,$(wildcard src/*/fuzz_$(f).c)))
FUZZ_FLAGS   := -std=gnu17 -g -O1 -fno-omit-frame-pointer -fno-sanitize-recover=undefined -MMD -MP
FUZZ_DIRS    := $(sort $(notdir $(patsubst %/,%,$(dir $(FUZZ_SRC)))) lib core tlog rebuild)

fuzz: $$(FUZZ_BINS)
	test/fuzz.sh $(FUZZ_SECONDS) $(FUZZ_O) $(FUZZ_BINS)

$(FUZZ_O)/obj/%.o: src/%.c | $$(if $$(filter lib/%,$$*),,$(GEN_H))
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,address,undefined -c $< -o $@
$(FUZZ_O)/gen/%.o: $(O)/gen/%.c | $(GEN_H)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,address,undefined -c $< -o $@

define fuzz_archive
$(FUZZ_O)/$(1).a: $(patsubst src/%.c,$(FUZZ_O)/obj/%.o,$(filter-out %/main.c,$(call src,$(1))))
	@rm -f $$@; $$(AR) rcs $$@ $$^
endef
$(foreach d,$(FUZZ_DIRS),$(eval $(call fuzz_archive,$(d))))
$(FUZZ_O)/gen.a: $(patsubst $(O)/gen/%.c,$(FUZZ_O)/gen/%.o,$(GEN_C))
	@rm -f $@; $(AR) rcs $@ $^

$(FUZZ_O)/lib/fuzz_%: $(FUZZ_O)/obj/lib/fuzz_%.o $(FUZZ_O)/lib.a
	@mkdir -p $(@D)
	$(FUZZ_CC) -fsanitize=fuzzer,address,undefined $^ $(LIBS_ALL) -o $@
define fuzz_link
$(FUZZ_O)/$(1)/fuzz_%: $(FUZZ_O)/obj/$(1)/fuzz_%.o $(sort $(FUZZ_O)/$(1).a $(FUZZ_O)/core.a $(FUZZ_O)/tlog.a $(FUZZ_O)/rebuild.a) $(FUZZ_O)/gen.a $(FUZZ_O)/lib.a
	@mkdir -p $$(@D)
	$$(FUZZ_CC) -fsanitize=fuzzer,address,undefined $$< -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(LIBS_ALL) -o $$@
endef
$(foreach d,$(filter-out lib,$(FUZZ_DIRS)),$(eval $(call fuzz_link,$(d))))
-include $(wildcard $(FUZZ_O)/obj/*/*.d)

# --- lint: house rules, cppcheck, clang's warnings, clang-tidy (not with LINT_FAST=1), scripts -------------------------
# What passed is remembered in $(O)/lint, so that the second run looks only at what changed.
LINT_SRC   := $(wildcard src/*/*.c tools/*.c bench/*.c)
LINT_O     := $(O)/$(if $(LINT_FAST),lint-fast,lint)
LINT_FLAGS  = $(CPPFLAGS) $(GMIME_I) $(POPPLER_I) -std=gnu17 -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers
# The analyzer does not know that a failed cmocka assertion never returns.
LINT_LESS  := --checks='-clang-analyzer-*,-bugprone-suspicious-include'
LINT_TIDY   = $(if $(filter %_test.c,$<),$(LINT_LESS))
SCRIPTS     = $(shell git ls-files '*.sh' .ci/run 2>/dev/null)
.PHONY: lint-clang lint-cppcheck lint-scripts
lint:
	@./deps.sh build test
	@tools/check.sh
	@$(MAKE) --no-print-directory -j2 -k lint-scripts lint-cppcheck lint-clang
	@echo "lint: clean"
lint-scripts:
	@for s in $(SCRIPTS); do bash -n $$s || exit 1; done
	@shellcheck -S warning -e SC2119,SC2120 -f gcc $(SCRIPTS)
lint-cppcheck: | $(GEN_H)
	@mkdir -p $(LINT_O)/cppcheck
	@cppcheck --enable=warning,portability --error-exitcode=1 --quiet --inline-suppr --std=c11 --language=c \
	  --cppcheck-build-dir=$(LINT_O)/cppcheck --template='{file}:{line}: {severity}: {message} [{id}]' \
	  --suppress=missingInclude --suppress=missingIncludeSystem --suppress=arrayIndexThenCheck --suppress=ctuuninitvar --suppress=ctunullpointer \
	  --suppress=unknownMacro --suppress='nullPointer:*_test.c' --suppress='nullPointerRedundantCheck:*_test.c' \
	  -D_GNU_SOURCE -DSEKISHO_VERSION='""' -Isrc -I$(O)/gen $(LINT_SRC)
lint-clang: $(patsubst %.c,$(LINT_O)/%.ok,$(LINT_SRC))
$(LINT_O)/%.ok: %.c .clang-tidy | $(GEN_H)
	@mkdir -p $(@D)
	@clang -fsyntax-only -Werror $(LINT_FLAGS) -MD -MF $(@:.ok=.d) -MT $@ $<
	@$(if $(LINT_FAST),,said=$$(clang-tidy --quiet $(LINT_TIDY) $< -- $(LINT_FLAGS) 2>&1) || \
	  { grep -E ': (error|warning): ' <<<"$$said" || echo "$$said"; exit 1; })
	@touch $@
-include $(wildcard $(LINT_O)/*/*.d $(LINT_O)/*/*/*.d)

# Drops one condition of each check at a time; every drop must make a test fail. One control: make mutate C=workflow.exception
mutate: $(O)/test/core/checks_test
	$(O)/test/core/checks_test --mutate $(C)

# --- docs/permissions.md from the route table and the definitions -------------------------------------------------------
permissions: $(O)/test/office/permissions_test
	$< --write

# --- docs/man from the tables of commands and of settings ----------------------------------------------------------------
.PHONY: man
man: $(O)/test/cli/man_test $(O)/test/office/setting_test
	@mkdir -p docs/man
	for t in $^; do $$t --write || exit 1; done
