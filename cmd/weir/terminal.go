package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// isTerminal says whether w is a terminal that can move its cursor; files, pipes, test buffers and TERM=dumb are not.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// width is the number of columns of the terminal behind w, 80 when it is none or does not say.
func width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return n
		}
	}
	return 80
}

// hasColor says whether w gets colours: a terminal, and NO_COLOR (https://no-color.org) not set.
func hasColor(w io.Writer) bool { return os.Getenv("NO_COLOR") == "" && isTerminal(w) }

// Styles of paint, as ANSI codes.
const (
	bold   = "1"
	faint  = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// paint wraps text in an ANSI style where w shows colours, and leaves it alone elsewhere.
func paint(w io.Writer, style, text string) string {
	if !hasColor(w) {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}
