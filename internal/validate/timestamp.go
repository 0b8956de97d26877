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

// The spellings below are those that producers write: two digits where two are due, no leap second. They give what
// parseTimestamp gives, without its detours; whatever they refuse is for parseTimestamp to judge.

// plainTimestamp reads "2006-01-02T15:04:05[.fraction]Z" or with "±hh:mm" as Unix milliseconds, rounded down.
func plainTimestamp(t []byte) (ms int64, ok bool) {
	if len(t) < len("2006-01-02T15:04:05Z") || t[10] != 'T' {
		return 0, false
	}
	days, okDate := plainDate(t)
	clock, okTime := plainTime(t[11:])
	return days*86_400_000 + clock, okDate && okTime
}

// plainDate reads "2006-01-02" at the beginning of t as days since 1970-01-01.
func plainDate(t []byte) (days int64, ok bool) {
	if len(t) < 10 || t[4] != '-' || t[7] != '-' {
		return 0, false
	}
	century, ok1 := twoDigits(t[0:2])
	year, ok2 := twoDigits(t[2:4])
	month, ok3 := twoDigits(t[5:7])
	day, ok4 := twoDigits(t[8:10])
	year += 100 * century
	if !ok1 || !ok2 || !ok3 || !ok4 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	// Howard Hinnant, chrono-compatible low-level date algorithms: years begin in March, so that the leap day is last.
	if month <= 2 {
		year, month = year-1, month+12
	}
	if year < 0 { // January and February of the year 0
		return 0, false
	}
	return int64(365*year+year/4-year/100+year/400+(153*(month-3)+2)/5+day) - 719_469, true
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// plainTime reads "15:04:05[.fraction]Z" or with "±hh:mm" as milliseconds since 00:00 UTC of its date.
func plainTime(t []byte) (ms int64, ok bool) {
	if len(t) < len("15:04:05Z") || t[2] != ':' || t[5] != ':' {
		return 0, false
	}
	h, okH := twoDigits(t[0:2])
	m, okM := twoDigits(t[3:5])
	s, okS := twoDigits(t[6:8])
	if !okH || !okM || !okS || h > 23 || m > 59 || s > 59 {
		return 0, false
	}
	fraction, zone := 0, t[8:]
	if zone[0] == '.' {
		i, unit := 1, 100
		for ; i < len(zone) && zone[i]-'0' <= 9; i++ {
			fraction += int(zone[i]-'0') * unit
			unit /= 10
		}
		if i == 1 || i == len(zone) {
			return 0, false
		}
		zone = zone[i:]
	}
	offset := 0
	switch {
	case len(zone) == 1 && zone[0] == 'Z':
	case len(zone) == 6 && zone[3] == ':' && (zone[0] == '+' || zone[0] == '-'):
		zh, okH := twoDigits(zone[1:3])
		zm, okM := twoDigits(zone[4:6])
		if !okH || !okM || zh > 23 || zm > 59 {
			return 0, false
		}
		if offset = zh*60 + zm; zone[0] == '-' {
			offset = -offset
		}
	default:
		return 0, false
	}
	return int64(h*60+m-offset)*60_000 + int64(s)*1000 + int64(fraction), true
}

func twoDigits(t []byte) (n int, ok bool) {
	a, b := t[0]-'0', t[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}
