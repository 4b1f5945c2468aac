#include "gate-ooxml/kinds.h"

#include <string.h>

const struct kind kinds[] = {
	{"document", "officeDocument", "wordprocessingml.document.main+xml wordprocessingml.template.main+xml "
	 "=application/vnd.ms-word.document.macroEnabled.main+xml =application/vnd.ms-word.template.macroEnabledTemplate.main+xml",
	 "word/document.xml", "docx"},
	{"workbook", "officeDocument", "spreadsheetml.sheet.main+xml spreadsheetml.template.main+xml "
	 "=application/vnd.ms-excel.sheet.macroEnabled.main+xml =application/vnd.ms-excel.template.macroEnabled.main+xml",
	 "xl/workbook.xml", "xlsx"},
	{"presentation", "officeDocument",
	    "presentationml.presentation.main+xml presentationml.slideshow.main+xml presentationml.template.main+xml "
	 "=application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml =application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml",
	 "ppt/presentation.xml", "pptx"},
	{"wstyles", "styles", "wordprocessingml.styles+xml", "word/styles.xml", "+document"},
	{"numbering", "numbering", "wordprocessingml.numbering+xml", "word/numbering.xml", "+document"},
	{"settings", "settings", "wordprocessingml.settings+xml", "word/settings.xml", "+document"},
	{"fontTable", "fontTable", "wordprocessingml.fontTable+xml", "word/fontTable.xml", "+document"},
	{"header", "header", "wordprocessingml.header+xml", "word/header%u.xml", "document"},
	{"footer", "footer", "wordprocessingml.footer+xml", "word/footer%u.xml", "document"},
	{"footnotes", "footnotes", "wordprocessingml.footnotes+xml", "word/footnotes.xml", "+document"},
	{"endnotes", "endnotes", "wordprocessingml.endnotes+xml", "word/endnotes.xml", "+document"},
	{"wcomments", "comments", "wordprocessingml.comments+xml", "word/comments.xml", "+document"},
	{"worksheet", "worksheet", "spreadsheetml.worksheet+xml", "xl/worksheets/sheet%u.xml", "workbook"},
	{"chartsheet", "chartsheet", "spreadsheetml.chartsheet+xml", "xl/chartsheets/sheet%u.xml", "workbook"},
	{"sst", "sharedStrings", "spreadsheetml.sharedStrings+xml", "xl/sharedStrings.xml", "+workbook"},
	{"xstyles", "styles", "spreadsheetml.styles+xml", "xl/styles.xml", "+workbook"},
	{"table", "table", "spreadsheetml.table+xml", "xl/tables/table%u.xml", "worksheet"},
	{"xcomments", "comments", "spreadsheetml.comments+xml", "xl/comments%u.xml", "+worksheet"},
	{"pivotTable", "pivotTable", "spreadsheetml.pivotTable+xml", "xl/pivotTables/pivotTable%u.xml", "+worksheet"},
	{"pivotCache", "pivotCacheDefinition", "spreadsheetml.pivotCacheDefinition+xml",
	    "xl/pivotCache/pivotCacheDefinition%u.xml",
	 "workbook +pivotTable"},
	{"pivotRecords", "pivotCacheRecords", "spreadsheetml.pivotCacheRecords+xml",
	    "xl/pivotCache/pivotCacheRecords%u.xml", "pivotCache"},
	{"xdrawing", "drawing", "drawing+xml", "xl/drawings/drawing%u.xml", "worksheet chartsheet"},
	{"slideMaster", "slideMaster", "presentationml.slideMaster+xml", "ppt/slideMasters/slideMaster%u.xml",
	    "presentation +slideLayout"},
	{"slide", "slide", "presentationml.slide+xml", "ppt/slides/slide%u.xml",
	    "presentation slide +notesSlide viewProps"},
	{"slideLayout", "slideLayout", "presentationml.slideLayout+xml", "ppt/slideLayouts/slideLayout%u.xml",
	    "slideMaster +slide"},
	{"notesMaster", "notesMaster", "presentationml.notesMaster+xml", "ppt/notesMasters/notesMaster%u.xml",
	    "presentation +notesSlide"},
	{"notesSlide", "notesSlide", "presentationml.notesSlide+xml", "ppt/notesSlides/notesSlide%u.xml", "+slide"},
	{"handoutMaster", "handoutMaster", "presentationml.handoutMaster+xml",
	    "ppt/handoutMasters/handoutMaster%u.xml", "presentation"},
	{"presProps", "presProps", "presentationml.presProps+xml", "ppt/presProps.xml", "+presentation"},
	{"viewProps", "viewProps", "presentationml.viewProps+xml", "ppt/viewProps.xml", "+presentation"},
	{"tableStyles", "tableStyles", "presentationml.tableStyles+xml", "ppt/tableStyles.xml", "+presentation"},
	{"commentAuthors", "commentAuthors", "presentationml.commentAuthors+xml", "ppt/commentAuthors.xml",
	    "+presentation"},
	{"pcomments", "comments", "presentationml.comments+xml", "ppt/comments/comment%u.xml", "+slide"},
	{"theme", "theme", "theme+xml", "theme/theme%u.xml",
	    "+document +workbook +presentation +slideMaster +notesMaster +handoutMaster"},
	{"themeOverride", "themeOverride", "themeOverride+xml", "theme/themeOverride%u.xml",
	    "+chart +slide +slideLayout +notesSlide"},
	{"chart", "chart", "drawingml.chart+xml", "charts/chart%u.xml",
	 "document header footer footnotes endnotes wcomments xdrawing slide slideLayout slideMaster notesSlide notesMaster handoutMaster"},
	{"userShapes", "chartUserShapes", "drawingml.chartshapes+xml", "charts/shapes%u.xml", "chart"},
	{"diagramData", "diagramData", "drawingml.diagramData+xml", "diagrams/data%u.xml",
	    "document header footer xdrawing slide slideLayout slideMaster"},
	{"diagramLayout", "diagramLayout", "drawingml.diagramLayout+xml", "diagrams/layout%u.xml",
	    "document header footer xdrawing slide slideLayout slideMaster"},
	{"diagramStyle", "diagramQuickStyle", "drawingml.diagramStyle+xml", "diagrams/style%u.xml",
	    "document header footer xdrawing slide slideLayout slideMaster"},
	{"diagramColors", "diagramColors", "drawingml.diagramColors+xml", "diagrams/colors%u.xml",
	    "document header footer xdrawing slide slideLayout slideMaster"},
	{"diagramDrawing", "diagramDrawing", "=application/vnd.ms-office.drawingml.diagramDrawing+xml",
	    "diagrams/drawing%u.xml",
	 "+document +header +footer +xdrawing +slide +slideLayout +slideMaster"},
	{"image", "image", "*", "media/image%u",
	    "document header footer footnotes endnotes wcomments numbering worksheet chartsheet xdrawing chart "
	 "userShapes theme themeOverride slide slideLayout slideMaster notesSlide notesMaster handoutMaster presProps diagramData diagramLayout diagramDrawing tableStyles"},
	{"embedded", "package", "*", "embeddings/document%u",
	    "document header footer footnotes endnotes wcomments chart slide slideLayout slideMaster"},
	{"vml", "vmlDrawing", "vmlDrawing", "xl/drawings/vmlDrawing%u.vml", "worksheet"},
	{"app", "extended-properties", "extended-properties+xml", "docProps/app.xml", "docx xlsx pptx"},
	{"hyperlink", "hyperlink", "", "",
	    "document header footer footnotes endnotes wcomments worksheet xdrawing chart userShapes slide slideLayout "
	 "slideMaster notesSlide notesMaster handoutMaster diagramData diagramDrawing"},
};
const unsigned n_kinds = ARRAY_LEN(kinds);

static const struct { const char *relation, *code; } known[] = {
	{"vbaProject", "OOXML-VBA"}, {"vbaProjectSignature", "OOXML-VBA"}, {"wordVbaData", "OOXML-VBA"}, {"vbaData",
	    "OOXML-VBA"},
	{"oleObject", "OOXML-OLE"}, {"package", "OOXML-EMBED"}, {"control", "OOXML-ACTIVEX"}, {"activeXControlBinary",
	    "OOXML-ACTIVEX"},
	{"ctrlProp", "OOXML-ACTIVEX"}, {"attachedTemplate", "OOXML-TEMPLATE"}, {"aFChunk", "OOXML-CHUNK"},
	    {"subDocument", "OOXML-SUBDOC"},
	{"mailMergeSource", "OOXML-MAILMERGE"}, {"mailMergeHeaderSource", "OOXML-MAILMERGE"}, {"recipientData",
	    "OOXML-MAILMERGE"},
	{"transform", "OOXML-CUSTOM-XML"}, {"frame", "OOXML-FRAME"}, {"customXml", "OOXML-CUSTOM-XML"},
	    {"customXmlProps", "OOXML-CUSTOM-XML"},
	{"xmlMaps", "OOXML-CUSTOM-XML"}, {"printerSettings", "OOXML-PRINTER"}, {"vmlDrawing", "OOXML-VML"},
	    {"legacyDiagramText", "OOXML-VML"},
	{"externalLink", "XL-EXTERNAL"}, {"externalLinkPath", "XL-EXTERNAL"}, {"connections", "XL-CONNECTION"},
	    {"queryTable", "XL-CONNECTION"},
	{"xlMacrosheet", "XL-XLM"}, {"xlIntlMacrosheet", "XL-XLM"}, {"dialogsheet", "XL-DIALOG"}, {"powerPivotData",
	    "XL-CONNECTION"},
	{"volatileDependencies", "XL-RTD"}, {"extensibility", "OOXML-CUSTOM-UI"}, {"ui", "OOXML-CUSTOM-UI"},
	    {"userCustomization", "OOXML-CUSTOM-UI"},
	{"keyMapCustomizations", "OOXML-CUSTOM-UI"}, {"attachedToolbars", "OOXML-CUSTOM-UI"}, {"webextension",
	    "OOXML-WEBEXT"},
	{"webextensiontaskpanes", "OOXML-WEBEXT"}, {"font", "OOXML-FONT"}, {"audio", "OOXML-MEDIA"}, {"video",
	    "OOXML-MEDIA"},
	{"media", "OOXML-MEDIA"}, {"glossaryDocument", "OOXML-GLOSSARY"}, {"core-properties", "OOXML-META"},
	{"custom-properties", "OOXML-META"}, {"metadata", "OOXML-META"}, {"thumbnail", "OOXML-META"}, {"origin",
	    "OOXML-SIGNATURE"},
	{"signature", "OOXML-SIGNATURE"}, {"tags", "OOXML-META"}, {"classificationlabels", "OOXML-META"},
	    {"htmlPubSaveAs", "XL-WEB"},
	{"webSettings", ""}, {"calcChain", ""}, {"stylesWithEffects", ""}, {"chartStyle", ""}, {"chartColorStyle",
	    ""}, {"threadedComment", ""},
	{"person", ""}, {"commentsExtended", ""}, {"commentsIds", ""}, {"commentsExtensible", ""}, {"people", ""},
	    {"hdphoto", "OOXML-MEDIA"},
	{"sheetMetadata", ""}, {"usernames", "XL-VIEWS"}, {"revisionHeaders", "XL-VIEWS"}, {"slicer", "XL-SLICER"},
	    {"slicerCache", "XL-SLICER"},
	{"timeline", "XL-SLICER"}, {"timelineCache", "XL-SLICER"}, {"image", "OOXML-EXTERNAL"}, {"hyperlink",
	    "OOXML-LINK"},
};

const struct kind *kind_named(const char *name)
{
	for (unsigned i = 0; i < n_kinds; i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

const struct kind *kind_from(struct str relation, const struct kind *from, bool *ret_implicit)
{
	for (unsigned i = 0; i < n_kinds; i++) {
		struct str rest = str_from(kinds[i].from);

		if (!str_is(relation, kinds[i].relation))
			continue;
		while (rest.n) {
			struct str one = str_cut(&rest, ' ');

			*ret_implicit = str_starts(one, "+");
			if (str_is(str_slice(one, *ret_implicit, one.n), from->name))
				return &kinds[i];
		}
	}
	return NULL;
}

bool kind_takes(const struct kind *k, struct str type)
{
	struct str rest = str_from(k->types), tail = str_slice(type, strlen(TYPE_PREFIX), type.n);

	while (rest.n) {
		struct str one = str_cut(&rest, ' ');

		if (str_is(one, "*") || (str_starts(one, "=") ? str_ieq(str_slice(one, 1, one.n), type) :
		                         str_starts(type, TYPE_PREFIX) && str_eq(one, tail)))
			return true;
	}
	return false;
}

const char *relation_code(struct str relation)
{
	for (unsigned i = 0; i < ARRAY_LEN(known); i++)
		if (str_is(relation, known[i].relation))
			return known[i].code;
	return "OOXML-PART";
}
