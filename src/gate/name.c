/* What a file may be called. A name is shown to people and made into a file elsewhere: it must say what it seems to say. */
#include <string.h>

#include "gate/gate.h"
#include "lib/text.h"

/* Types that run, by name; a name that ends like this after another extension is a disguise. */
static const char *const programs[] = {
	"exe", "com", "scr", "pif", "bat", "cmd", "vbs", "vbe", "js", "jse", "wsf", "wsh", "hta", "msi", "msp", "ps1", "psm1", "lnk",
	"dll", "cpl", "jar", "apk", "reg", "chm", "iso", "img", "vhd", "vhdx", "one", "appx", "msix", "sh", "py", "rb", "url", "scf",
	"inf", "gadget", "application", "appref-ms", "library-ms", "settingcontent-ms", "desktop", "elf", "bin", "run", "so"};

static const char *const reserved[] = {"con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
                                       "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9"};

static struct str after_dot(struct str name)
{
	for (size_t i = name.n; i-- > 0;)
		if (name.p[i] == '.')
			return str_slice(name, i + 1, name.n);
	return STR_NONE;
}

static bool is_program(struct str ext)
{
	for (size_t i = 0; i < ARRAY_LEN(programs); i++)
		if (str_ieq(ext, str_from(programs[i])))
			return true;
	return false;
}

static bool turns(uint32_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x061c ||
	       c == 0xfeff || (c >= 0x200b && c <= 0x200d) || c == 0x2028 || c == 0x2029;
}

const char *name_fault(struct str name)
{
	struct str stem = name, ext = after_dot(name);

	if (!name.n || name.n > GATE_NAME_MAX || !utf8_valid(name))
		return "NAME-RESERVED";
	for (size_t i = 0; i < name.n;) {
		uint32_t c;

		i += utf8_next(str_slice(name, i, name.n), &c);
		if (turns(c))
			return "NAME-RLO";
		if (c < 0x20 || c == 0x7f || (c < 0x80 && strchr("/\\:*?\"<>|", (int)c)))
			return "NAME-RESERVED";
	}
	if (name.p[0] == '.' || name.p[name.n - 1] == '.' || name.p[name.n - 1] == ' ' || name.p[0] == ' ')
		return "NAME-RESERVED";
	stem = str_cut(&stem, '.');
	for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
		if (str_ieq(stem, str_from(reserved[i])))
			return "NAME-RESERVED";
	if (is_program(ext))
		return str_slice(name, 0, name.n - ext.n - 1).n && after_dot(str_slice(name, 0, name.n - ext.n - 1)).p ? "NAME-DOUBLE"
		                                                                                                    : "TYPE-EXECUTABLE";
	return NULL;
}

struct str name_ext(struct arena *a, struct str name)
{
	struct str ext = after_dot(name);
	char *p = arena_strdup(a, arena_z(a, ext.p ? ext : STR("")));

	for (char *c = p; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return str_from(p);
}
