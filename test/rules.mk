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
