package validate

// breaks tells of a value that may be invalid what kind it is of, and which of its plan's checks it does not pass; 0 is for a
// value that passes all, or that was not looked at. The checks are exact, so values of one kind and size that break the same
// have the same violations, but for what those show of them.
type breaks uint64

const (
	breaksKind   breaks = 1 << iota // the schemas do not accept it
	breaksLength                    // of a text or an array
	breaksUnique                    // items of an array are equal
	ofText
	ofArray
	ofInteger
	ofFraction
	firstCheck           // of a rule's enums, patterns, formats, bounds and multiples, in its order
	untold     = 1 << 63 // what it breaks, if anything, is for the library to say
)

// next is the next check; those that have no bit of their own are untold.
func (b breaks) next() breaks {
	if b == untold {
		return untold
	}
	return b << 1
}

// unless is the check that did not hold.
func (b breaks) unless(holds bool) breaks {
	if holds {
		return 0
	}
	return b
}

// refuses tells whether the schemas refuse a kind.
func (v *plan) refuses(kind kinds) breaks {
	switch {
	case v.accepts&kind != 0:
		return 0
	case v.untold&kind != 0:
		return untold
	}
	return breaksKind
}
