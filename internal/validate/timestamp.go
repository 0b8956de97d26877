package validate

import (
	"math/bits"
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
//
// Date and time are read as three words, in three quarters of the time that their pairs of bytes take (BenchmarkTimestamp):
// their marks made zeros, all must be digits, and then each byte of a word is made the number that it and the next write.
func plainTimestamp(t []byte) (ms int64, ok bool) {
	if len(t) < len("2006-01-02T15:04:05Z") {
		return 0, false
	}
	const dash, colon, tee = '0' ^ '-', '0' ^ ':', '0' ^ 'T'
	date := load(t, 0) ^ (zeros ^ dash<<32 ^ dash<<56)                      // 2006-01-
	middle := load(t, 8) ^ (zeros ^ tee<<16 ^ colon<<40)                    // 02T15:04
	clock := (load(t, 12) ^ (zeros ^ colon<<8 ^ colon<<32)) &^ (0xff << 56) // 5:04:05
	marks := date&(0xff<<32|0xff<<56) | middle&(0xff<<16|0xff<<40) | clock&(0xff<<8|0xff<<32)
	if marks|notDigits(date)|notDigits(middle)|notDigits(clock) != 0 {
		return 0, false
	}
	pair := func(w uint64, i int) int { return int(w*10>>(8*i)&0xff + w>>(8*i+8)&0xff) }
	days, okDate := daysUntil(100*pair(date, 0)+pair(date, 2), pair(date, 5), pair(middle, 0))
	h, m, s := pair(middle, 3), pair(middle, 6), pair(clock, 5)
	rest, okZone := plainZone(t[19:])
	return days*86_400_000 + int64(h*60+m)*60_000 + int64(s)*1000 + rest, okDate && okZone && h <= 23 && m <= 59 && s <= 59
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
	days, ok = daysUntil(100*century+year, month, day)
	return days, ok && ok1 && ok2 && ok3 && ok4
}

// daysUntil is the days from 1970-01-01 to a date, which it says whether there is.
func daysUntil(year, month, day int) (days int64, ok bool) {
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
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
	rest, okZone := plainZone(t[8:])
	return int64(h*60+m)*60_000 + int64(s)*1000 + rest, okZone
}

// plainZone reads "[.fraction]Z" or with "±hh:mm" as the milliseconds to add for UTC.
func plainZone(t []byte) (ms int64, ok bool) {
	if len(t) == 1 {
		return 0, t[0] == 'Z'
	}
	fraction := 0
	if t[0] == '.' {
		i := 0
		if fraction, i = plainFraction(t[1:]); i == 0 || i+1 >= len(t) {
			return 0, false
		}
		t = t[1+i:]
	}
	offset := 0
	switch {
	case len(t) == 1 && t[0] == 'Z':
	case len(t) == 6 && t[3] == ':' && (t[0] == '+' || t[0] == '-'):
		h, okH := twoDigits(t[1:3])
		m, okM := twoDigits(t[4:6])
		if !okH || !okM || h > 23 || m > 59 {
			return 0, false
		}
		if offset = h*60 + m; t[0] == '-' {
			offset = -offset
		}
	default:
		return 0, false
	}
	return int64(fraction) - int64(offset)*60_000, true
}

// plainFraction reads the digits at the beginning of t as milliseconds, further digits than three cut off.
func plainFraction(t []byte) (ms, size int) {
	if cap(t) >= 8 { // whatever is behind: digits up to the end of t are no zone
		w := load(t[:8], 0) ^ zeros
		if size = bits.TrailingZeros64(notDigits(w)) / 8; size < 8 {
			w &= 1<<(8*size) - 1
			return int(100*(w&0xff) + 10*(w>>8&0xff) + w>>16&0xff), min(size, len(t))
		}
	}
	unit := 100
	for ms, size = 0, 0; size < len(t) && t[size]-'0' <= 9; size++ {
		ms += int(t[size]-'0') * unit
		unit /= 10
	}
	return ms, size
}

func twoDigits(t []byte) (n int, ok bool) {
	a, b := t[0]-'0', t[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}
