# Sekisho. GNU make is the only build tool; there is no configure step.
#
#   make            builds into build/ (O=DIR for another folder)
#   make run        installs what is missing, builds, runs the sample city (PORT=, DIR=)
#   make test       installs, builds, runs every test (SAN=1: with ASan and UBSan)
#   make lint fuzz bench soak mutate install
#
# A program is a folder src/<program>/ with one main.c. Layers: src/lib <- src/core <- src/tlog, src/rebuild <- src/<program>.

SAN   ?=
O     ?= $(if $(SAN),build-san,build)
PORT  ?= 8443
DIR   ?= var
CC    ?= cc
SHELL := /bin/bash
# One short line a file; V=1 shows the commands.
ifeq ($(V),)
say = @printf '  %-4s %s\n' $(1) $(patsubst $(O)/%,%,$@);
endif
.DELETE_ON_ERROR:
.SECONDARY:

PROGRAMS := $(patsubst src/%/main.c,%,$(wildcard src/*/main.c))
VERSION  := $(shell cat VERSION)

PKGS := sqlite3 libcrypto libsodium jansson yaml-0.1 libseccomp libzstd liboath libmicrohttpd gnutls libqrencode
PKGS += libhs
PKGS += expat zlib libdeflate spng libjpeg libwebp libwebpdemux libtiff-4 gmime-3.0
PKG_LIBS = $(shell pkg-config --libs $(1))

LIBS_supervise = $(call PKG_LIBS,libseccomp libcrypto)
LIBS_front     = $(call PKG_LIBS,libmicrohttpd gnutls libseccomp libcrypto) -lunistring
LIBS_office    = $(call PKG_LIBS,sqlite3 zlib libcrypto libsodium jansson yaml-0.1 libseccomp libqrencode) -lunistring -lm
LIBS_auth      = $(call PKG_LIBS,sqlite3 libcrypto libsodium liboath libseccomp) -lunistring
LIBS_watch     = $(call PKG_LIBS,jansson libcrypto libseccomp)
LIBS_vault     = $(call PKG_LIBS,libcrypto libsodium libzstd libseccomp jansson) -lunistring -lm
LIBS_collect   = $(call PKG_LIBS,libmicrohttpd gnutls libseccomp libcrypto)
LIBS_detect    = $(call PKG_LIBS,libhs libcrypto libsodium libzstd libseccomp jansson yaml-0.1) -lunistring -lm
LIBS_search    = $(call PKG_LIBS,libcrypto libsodium libzstd libseccomp) -lunistring -lm
LIBS_witness   = $(call PKG_LIBS,libmicrohttpd gnutls libcrypto libsodium libzstd libseccomp) -lunistring -lm
LIBS_keys      = $(call PKG_LIBS,libcrypto libsodium libseccomp)
LIBS_gate      = $(call PKG_LIBS,jansson yaml-0.1 libcrypto libseccomp)
LIBS_gate-sniff  = $(call PKG_LIBS,libseccomp libcrypto)
LIBS_gate-text   = $(call PKG_LIBS,libseccomp libcrypto) -lunistring
LIBS_gate-verify = $(call PKG_LIBS,libseccomp libcrypto)
LIBS_gate-zip    = $(call PKG_LIBS,libseccomp libcrypto zlib libdeflate) -lunistring
LIBS_gate-pdf    = $(call PKG_LIBS,libseccomp libcrypto libdeflate libjpeg zlib poppler-glib gio-2.0 cairo fontconfig freetype2) -lm
LIBS_gate-office = $(call PKG_LIBS,libseccomp libcrypto zlib libdeflate)
LIBS_gate-scan   = $(call PKG_LIBS,libseccomp libcrypto)
LIBS_gate-mail   = $(call PKG_LIBS,libseccomp libcrypto gmime-3.0) -lunistring
LIBS_gate-image  = $(call PKG_LIBS,libseccomp libcrypto libdeflate spng libjpeg libwebp libwebpdemux libtiff-4) -lgif
LIBS_gate-ooxml  = $(call PKG_LIBS,libseccomp libcrypto zlib libdeflate expat)
LIBS_cli       = $(call PKG_LIBS,libcrypto libsodium jansson libseccomp libzstd)
LIBS_ALL       = $(call PKG_LIBS,$(PKGS)) -lunistring -lgif -lm

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef \
        -Wwrite-strings -Wpointer-arith -Wformat=2 -Wno-format-nonliteral -Wimplicit-fallthrough \
        -Wswitch -Wdate-time -Wno-missing-field-initializers -Wno-unused-parameter
HARDEN := -fPIE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection \
          -ftrivial-auto-var-init=zero
OPT := -O2
ifneq ($(SAN),)
HARDEN := -fPIE -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
OPT := -O1
LDSAN := -fsanitize=address,undefined
endif
# For developers, into another O=: a process tells which system call its list misses. Never installed.
CPPFLAGS += $(if $(SANDBOX_DEBUG),-DSEKISHO_SANDBOX_DEBUG)
CPPFLAGS += -D_GNU_SOURCE -DSEKISHO_VERSION='"$(VERSION)"' -Isrc -I. -I$(O)/gen -include lib/banned.h
# glib wants its own folders; as system ones, for its headers are not ours to warn about.
GMIME_I  := $(patsubst -I%,-isystem %,$(filter -I%,$(shell pkg-config --cflags gmime-3.0)))
$(O)/obj/gate-mail/%.o: CPPFLAGS += $(GMIME_I)
POPPLER_I := $(patsubst -I%,-isystem %,$(filter -I%,$(shell pkg-config --cflags poppler-glib cairo freetype2)))
$(O)/obj/gate-pdf/%.o: CPPFLAGS += $(POPPLER_I)
CFLAGS   += -std=gnu17 $(OPT) -g $(WARN) $(HARDEN) -MMD -MP
LDFLAGS  += -pie -Wl,-z,relro,-z,now,--as-needed $(LDSAN)

# --- sources -----------------------------------------------------------------
src      = $(filter-out %_test.c src/$(1)/fuzz_%.c,$(wildcard src/$(1)/*.c))
LIB_O   := $(patsubst src/%.c,$(O)/obj/%.o,$(call src,lib))
GEN_C   := $(O)/gen/tpl.c $(O)/gen/queries.c $(O)/gen/embed.c $(O)/gen/ooxml_rebuild.c $(O)/gen/ooxml_verify.c $(O)/gen/fold.c
GEN_H   := $(O)/gen/tpl.h $(O)/gen/queries.h $(O)/gen/embed.h
GEN_O   := $(patsubst %.c,%.o,$(GEN_C))
CORE_O  := $(patsubst src/%.c,$(O)/obj/%.o,$(call src,core))
REBUILD_O := $(patsubst src/%.c,$(O)/obj/%.o,$(call src,rebuild))
TLOG_O  := $(patsubst src/%.c,$(O)/obj/%.o,$(call src,tlog))
LAYERS  := $(O)/rebuild.a $(O)/tlog.a $(O)/core.a $(O)/gen.a $(O)/lib.a
TESTS   := $(patsubst src/%_test.c,%,$(wildcard src/*/*_test.c))
BINS    := $(addprefix $(O)/libexec/sekisho/,$(filter-out cli,$(PROGRAMS))) $(if $(filter cli,$(PROGRAMS)),$(O)/sekisho)

.PHONY: all run test check unit e2e lint fuzz bench soak mutate install clean deps docs permissions
all: $(BINS) $(O)/share

# Copies, not links: a locked-in process sees this folder alone.
SHARED := standards ledgers checks rules gate bundle
.PHONY: $(O)/share
$(O)/share: $(O)/share/sekisho/sample/mihon.jsonl
	@mkdir -p $@/sekisho
	@for d in $(SHARED); do [ ! -L $@/sekisho/$$d ] && diff -rq $$d $@/sekisho/$$d >/dev/null 2>&1 || \
	  { rm -rf $@/sekisho/$$d && cp -r $$d $@/sekisho/$$d; }; done

$(O)/share/sekisho/sample/mihon.jsonl: $(O)/tools/mkcity sample/links.tsv
	@mkdir -p $(@D)
	$< >$@
	@cp sample/links.tsv $(@D)/

run:
	@./deps.sh run build
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@[ -e "$(DIR)/sekisho.conf" ] || $(O)/sekisho init "$(DIR)" --city 見本市 --standard iizuka --sample
	@exec $(O)/sekisho run "$(DIR)" --listen 127.0.0.1:$(PORT) --link

# Where they go is where `sekisho` looks: ../libexec and ../share beside its folder.
prefix ?= /usr/local
PREFIX ?= $(prefix)
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/sekisho $(DESTDIR)$(PREFIX)/share/sekisho \
	  $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -s -m 755 $(filter-out %/cli,$(wildcard $(O)/libexec/sekisho/*)) $(DESTDIR)$(PREFIX)/libexec/sekisho
	install -s -m 755 $(O)/sekisho $(DESTDIR)$(PREFIX)/bin
	cd $(O)/share/sekisho && find * -type f -exec install -D -m 644 '{}' '$(abspath $(DESTDIR)$(PREFIX))/share/sekisho/{}' ';'
	sed 's,@PREFIX@,$(PREFIX),' deploy/sekisho.service >$(DESTDIR)$(PREFIX)/lib/systemd/system/sekisho.service
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/sekisho.service
	install -D -m 644 docs/man/sekisho.1 $(DESTDIR)$(PREFIX)/share/man/man1/sekisho.1
	install -D -m 644 docs/man/sekisho.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5/sekisho.conf.5

# --- generated code (tools/) ---------------------------------------------------
$(O)/tools/%: tools/%.c tools/tool.h
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O1 -g -Wall -Wextra -D_GNU_SOURCE $< -o $@

$(O)/tools/tplc: $(wildcard tools/tplc*.[ch])
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O1 -g -Wall -Wextra -D_GNU_SOURCE $(filter %.c,$^) -o $@

$(O)/gen/tpl.c $(O)/gen/tpl.h &: $(O)/tools/tplc $(sort $(wildcard tpl/*.html))
	@mkdir -p $(@D)
	$(O)/tools/tplc -o $(O)/gen/tpl $(sort $(wildcard tpl/*.html))
$(O)/gen/queries.c $(O)/gen/queries.h &: $(O)/tools/sqlc $(sort $(wildcard sql/*.sql))
	@mkdir -p $(@D)
	$(O)/tools/sqlc -o $(O)/gen/queries $(sort $(wildcard sql/*.sql))
EMBED := $(sort $(wildcard style/*)) $(O)/gen/ja.mo
$(O)/gen/embed.c $(O)/gen/embed.h &: $(O)/tools/embed $(EMBED)
	@mkdir -p $(@D)
	$(O)/tools/embed -o $(O)/gen/embed $(EMBED)
$(O)/gen/ooxml_rebuild.c: $(O)/tools/ooxmlc gate/ooxml/rebuild.tsv
	@mkdir -p $(@D)
	$(O)/tools/ooxmlc ox gate-ooxml/schema.h gate/ooxml/rebuild.tsv >$@
$(O)/gen/ooxml_verify.c: $(O)/tools/ooxmlc gate/ooxml/accept.tsv
	@mkdir -p $(@D)
	$(O)/tools/ooxmlc ov gate-verify/ooxml.h gate/ooxml/accept.tsv >$@
$(O)/tools/foldc: tools/foldc.c tools/tool.h
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O1 -g -Wall -Wextra -D_GNU_SOURCE $< -o $@ -lunistring
$(O)/gen/fold.c: $(O)/tools/foldc
	@mkdir -p $(@D)
	$(O)/tools/foldc >$@
$(O)/gen/ja.mo: po/ja.po
	@mkdir -p $(@D)
	msgfmt --check -o $@ $<

# --- objects -------------------------------------------------------------------
$(O)/gen/%.o: $(O)/gen/%.c | $(GEN_H)
	$(call say,CC) $(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@
$(O)/obj/lib/%.o: src/lib/%.c
	@mkdir -p $(@D)
	$(call say,CC) $(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@
$(O)/obj/%.o: src/%.c | $(GEN_H)
	@mkdir -p $(@D)
	$(call say,CC) $(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(O)/lib.a: $(LIB_O)
	@rm -f $@; $(AR) rcs $@ $^
$(O)/gen.a: $(GEN_O)
	@rm -f $@; $(AR) rcs $@ $^
$(O)/core.a: $(CORE_O)
	@rm -f $@; $(AR) rcs $@ $^
$(O)/tlog.a: $(TLOG_O)
	@rm -f $@; $(AR) rcs $@ $^
$(O)/rebuild.a: $(REBUILD_O)
	@rm -f $@; $(AR) rcs $@ $^

define program_rule
OBJ_$(1) := $$(patsubst src/%.c,$(O)/obj/%.o,$$(call src,$(1)))
$(O)/libexec/sekisho/$(1): $$(OBJ_$(1)) $(LAYERS)
	@mkdir -p $$(@D)
	$$(call say,LINK) $$(CC) $$(LDFLAGS) $$(OBJ_$(1)) $(LAYERS) $$(LIBS_$(1)) -o $$@
endef
$(foreach p,$(PROGRAMS),$(eval $(call program_rule,$(p))))
$(O)/sekisho: $(O)/libexec/sekisho/cli
	@cp -f $< $@

# --- unit tests: src/x/y_test.c is linked with everything of its folder but main.c; src/lib ones with lib alone ----
$(O)/test/lib/%_test: $(O)/obj/lib/%_test.o $(O)/lib.a
	@mkdir -p $(@D)
	$(call say,LINK) $(CC) $(LDFLAGS) $< $(O)/lib.a $(LIBS_ALL) -lcmocka -o $@
$(O)/test/%_test: $(O)/obj/%_test.o $(LAYERS)
	@mkdir -p $(@D)
	$(call say,LINK) $(CC) $(LDFLAGS) $< $(filter-out %/main.o,$(OBJ_$(word 1,$(subst /, ,$*)))) $(LAYERS) \
	  $(LIBS_ALL) -lcmocka -o $@
OBJ_lib :=
OBJ_core :=
OBJ_tlog :=
OBJ_rebuild :=
UNIT := $(addprefix $(O)/test/,$(addsuffix _test,$(TESTS)))
.SECONDEXPANSION:
$(UNIT): $(O)/test/%_test: $$(OBJ_$$(word 1,$$(subst /, ,$$*)))

unit: all $(UNIT)
	test/unit.sh $(UNIT)

-include $(wildcard $(O)/obj/*/*.d) $(wildcard $(O)/gen/*.d)
include test/rules.mk
