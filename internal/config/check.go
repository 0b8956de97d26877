package config

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"strings"
)

// crossCheck finds the faults that take two places to see. Between two routes the one that stands later is at fault,
// so that a route file cannot stop the routes before it.
func (l *loader) crossCheck() {
	for i, r := range l.routes {
		l.checkOwnTopics(r)
		if r.Output != "" && r.Output == r.Input {
			r.key("output").fault("write to a topic of its own", "the output is the input: %s would feed itself", r.Output)
		}
		if dead := r.DeadLetters; dead != "" && (dead == r.Input || dead == r.Output) {
			r.key("dead_letters").fault("dead letters need a topic of their own", "%s is an input or output of this route", dead)
		}
		for _, first := range l.routes[:i] {
			checkTwo(first, r)
		}
		l.checkCircle(i)
	}
}

// checkTwo looks for conflicts of a route with one that stands before it.
func checkTwo(first, r *reading) {
	const remedy = "dead letters need a topic of their own, which no route reads"
	switch {
	case r.Input != "" && r.Input == first.Input:
		r.key("input").fault("one route per topic; remove one of them", "the route at %s reads %s already", first.where(), r.Input)
	case r.Name == first.Name:
		r.key("name").fault("give every route its own name", "the route at %s has the name %s already", first.where(), r.Name)
	}
	if r.Input != "" && r.Input == first.DeadLetters {
		r.key("input").fault(remedy, "%s takes the dead letters of the route at %s", r.Input, first.where())
	}
	if r.Output != "" && r.Output == first.DeadLetters {
		r.key("output").fault(remedy, "%s takes the dead letters of the route at %s", r.Output, first.where())
	}
	if r.DeadLetters != "" && r.DeadLetters == first.Input {
		r.key("dead_letters").fault(remedy, "%s is the input of the route at %s", r.DeadLetters, first.where())
	}
	if r.DeadLetters != "" && r.DeadLetters == first.Output {
		r.key("dead_letters").fault(remedy, "%s is the output of the route at %s", r.DeadLetters, first.where())
	}
}

func (r *reading) where() string {
	line, column := position(firstToken(r.at.node))
	return Problem{File: r.File, Line: line, Column: column}.place()
}

// checkOwnTopics keeps routes out of weir's own topics.
func (l *loader) checkOwnTopics(r *reading) {
	if l.config.Group == "" {
		return
	}
	for _, use := range [][2]string{{"input", r.Input}, {"output", r.Output}, {"dead_letters", r.DeadLetters}} {
		key, topic := use[0], use[1]
		if _, given := r.given[key]; !given { // a dead-letter topic's default only repeats the input's fault
			continue
		}
		for _, own := range ownTopics(l.config.Group) {
			if topic == own || strings.HasPrefix(topic, own+".") {
				r.key(key).fault("choose another topic, or another group", "%s belongs to weir itself (group %s)", topic, l.config.Group)
			}
		}
	}
}

// checkCircle follows the outputs that are inputs of routes up to the i-th, and faults it when they lead back to it.
func (l *loader) checkCircle(i int) {
	r := l.routes[i]
	topics := []string{r.Input}
	for at := r; at.Output != "" && at.Output != at.Input && len(topics) <= i+1; {
		topics = append(topics, at.Output)
		if at.Output == r.Input {
			r.key("output").fault("break the circle "+strings.Join(topics, " → "), "what this route writes comes back to its input")
			return
		}
		next := slices.IndexFunc(l.routes[:i+1], func(o *reading) bool { return o.Input == at.Output })
		if next < 0 {
			return
		}
		at = l.routes[next]
	}
}

func checkAuthorities(v value, text string) {
	if !x509.NewCertPool().AppendCertsFromPEM([]byte(text)) {
		v.fault("give certificates in PEM, or file:/path to them", "no certificate in it")
	}
}

func checkPair(v value, t TLS) {
	if _, err := tls.X509KeyPair([]byte(t.Cert.Text), []byte(t.Key.Reveal())); err != nil {
		v.fault("give the certificate in cert and its own key in key, both PEM", "certificate and key do not work together: %v", err)
	}
}
