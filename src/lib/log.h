/* One line per event on stderr: time, program, level, event id, then key=value. Never translated, never personal data.
 *   log_info("vault.start", "size=%llu repaired=%llu", size, cut); */
#ifndef LIB_LOG_H
#define LIB_LOG_H

enum log_level { LOG_DEBUG_, LOG_INFO_, LOG_WARN_, LOG_ERROR_ };

void log_open(const char *program);                  /* name shown in each line */
void log_level_set(enum log_level least);
void log_debug(const char *event, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *event, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_warn(const char *event, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_error(const char *event, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* log_error, then _exit(3). */
void log_fatal(const char *event, const char *fmt, ...) __attribute__((format(printf, 2, 3), noreturn));

#endif
