package validate

import (
	"strconv"
	"time"
)

// parseTimestamp reads an RFC 3339 date-time as Unix milliseconds, rounded down. It accepts what jsonschema's format
// date-time accepts, no more and no less, so that the event time of a valid record can always be read. A leap second,
// 23:59:60 in UTC with any fraction, is the last millisecond of its day: time stays in order and in its window.
func parseTimestamp(s string) (ms int64, ok bool) {
	if len(s) < len("2006-01-02T15:04:05Z") || s[10] != 'T' && s[10] != 't' {
		return 0, false
	}
	date, err := time.Parse(time.DateOnly, s[:10])
	if err != nil {
		return 0, false
	}
	clock, ok := parseTime(s[11:])
	return date.UnixMilli() + clock, ok
}

// parseTime reads an RFC 3339 full-time as milliseconds since 00:00 UTC of its date; offsets carry it outside
// [0, 24 h).
func parseTime(s string) (ms int64, ok bool) {
	if len(s) < len("15:04:05Z") || s[2] != ':' || s[5] != ':' {
		return 0, false
	}
	h, okH := within(s[0:2], 23)
	m, okM := within(s[3:5], 59)
	sec, okS := within(s[6:8], 60)
	fraction, rest, okF := parseFraction(s[8:])
	offset, okO := parseOffset(rest)
	if !okH || !okM || !okS || !okF || !okO {
		return 0, false
	}
	minutes := h*60 + m - offset
	if sec == 60 {
		if minutes != 23*60+59 && minutes != -1 { // -1 is 23:59 UTC of the day before
			return 0, false
		}
		sec, fraction = 59, 999
	}
	return int64(minutes)*60_000 + int64(sec)*1000 + int64(fraction), true
}

// parseFraction reads an optional ".digits" as milliseconds, further digits cut off.
func parseFraction(s string) (ms int, rest string, ok bool) {
	if s[0] != '.' {
		return 0, s, true
	}
	i, unit := 1, 100
	for ; i < len(s) && '0' <= s[i] && s[i] <= '9'; i++ {
		ms += int(s[i]-'0') * unit
		unit /= 10
	}
	return ms, s[i:], i > 1
}

// parseOffset reads "Z" or "±hh:mm" as minutes east of UTC.
func parseOffset(s string) (minutes int, ok bool) {
	if s == "Z" || s == "z" {
		return 0, true
	}
	if len(s) != 6 || s[3] != ':' || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	h, okH := within(s[1:3], 23)
	m, okM := within(s[4:6], 59)
	minutes = h*60 + m
	if s[0] == '-' {
		minutes = -minutes
	}
	return minutes, okH && okM
}

// within reads two characters as a number from 0 to limit. Like the library it lets a sign through ("+5").
func within(s string, limit int) (n int, ok bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && 0 <= n && n <= limit
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func isTime(s string) bool {
	_, ok := parseTime(s)
	return ok
}
