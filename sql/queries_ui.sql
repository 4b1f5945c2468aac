-- Queries of the page frame.

-- name: ui_section_title
SELECT title FROM org_units WHERE id = ?1;
