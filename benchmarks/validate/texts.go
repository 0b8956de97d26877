package main

import (
	"math/rand/v2"
	"strings"
)

const textSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "required": ["id", "title", "body", "author", "language"],
  "properties": {
    "id": {"type": "integer", "minimum": 1},
    "title": {"type": "string", "minLength": 5, "maxLength": 120},
    "body": {"type": "string", "minLength": 40, "maxLength": 4000},
    "author": {"type": "string", "format": "email"},
    "url": {"type": "string", "format": "uri"},
    "tags": {"type": "array", "maxItems": 8, "uniqueItems": true, "items": {"type": "string", "minLength": 1, "maxLength": 30}},
    "language": {"enum": ["en", "de", "fr", "el", "ru", "hi", "ja", "ar"]},
    "published": {"type": "string", "format": "date-time"}
  }
}`

// words are what texts are made of, by language.
var words = map[string][]string{
	"en": strings.Fields("the river rises slowly over wide fields while people watch from old stone bridges and wait"),
	"de": strings.Fields("der Fluß steigt über die Ufer während Menschen auf der Brücke stehen und für später planen"),
	"fr": strings.Fields("la rivière déborde près du château où les élèves étudient l’été à côté de la forêt"),
	"el": strings.Fields("το ποτάμι ανεβαίνει αργά και οι άνθρωποι κοιτούν από την παλιά πέτρινη γέφυρα"),
	"ru": strings.Fields("река медленно поднимается над полями пока люди смотрят со старого каменного моста"),
	"hi": strings.Fields("नदी धीरे धीरे खेतों के ऊपर उठती है और लोग पुराने पुल से देखते हैं"),
	"ja": strings.Fields("川は ゆっくりと 広い 野原の 上に 上がり 人々は 古い 石の 橋から 見ている"),
	"ar": strings.Fields("يرتفع النهر ببطء فوق الحقول الواسعة بينما يراقب الناس من الجسور القديمة"),
}

var languages = []string{"en", "en", "en", "de", "fr", "el", "ru", "hi", "ja", "ar"}

// marks are what makes text dear to read: each but the last two has to be escaped in JSON.
var marks = []string{"\n", "\n\n", "\"", "\\", "\t", " – ", " 😀 "}

// texts are articles: long strings in several scripts, with escapes.
func texts() *shape {
	return &shape{
		name:    "text",
		schema:  textSchema,
		records: each(article),
		faults: []fault{
			{"too short", 20, func(r *rand.Rand, o *object) { o.set(one(r, "title", "body"), text("%s", one(r, "", "é😀", "n/a"))) }},
			{"too long", 20, func(r *rand.Rand, o *object) {
				o.set("title", quote(prose(r, "en", 130+r.IntN(200)), false))
			}},
			{"email", 10, func(r *rand.Rand, o *object) { o.set("author", text("user%d.example.com", r.IntN(1000))) }},
			{"url", 5, func(r *rand.Rand, o *object) { o.set("url", text("articles/%d", r.IntN(1000))) }},
			{"unknown language", 15, func(r *rand.Rand, o *object) { o.set("language", text("%s", one(r, "xx", "EN", "german"))) }},
			{"wrong type", 15, func(r *rand.Rand, o *object) {
				o.set(one(r, "title", "body", "author", "tags"), one(r, leaf("null"), leaf("7"), leaf("{}")))
			}},
			{"missing", 5, func(r *rand.Rand, o *object) { o.remove(one(r, "id", "title", "body", "author", "language")) }},
			{"duplicate tag", 5, func(_ *rand.Rand, o *object) {
				tags := o.array("tags")
				o.set("tags", append(tags, tags[0]))
			}},
		},
	}
}

func article(r *rand.Rand) *object {
	language := one(r, languages...)
	ascii := r.IntN(4) == 0 // some producers escape everything outside ASCII
	body := ""
	for size := between(r, 300, 1400); len(quote(body, ascii)) < size; {
		body += prose(r, language, 60) + one(r, marks...)
	}
	pool := words[language]
	var tags array
	seen := map[string]bool{}
	for range between(r, 1, 5) {
		if tag := one(r, pool...); !seen[tag] {
			seen[tag] = true
			tags = append(tags, quote(tag, ascii))
		}
	}
	return record("id", integer(between(r, 1, 1_000_000_000)), "title", quote(prose(r, language, 30), ascii), "body", quote(body, ascii),
		"author", text("writer%d@news.example.com", r.IntN(10000)), "url", text("https://news.example.com/%s/%d", language, r.IntN(1_000_000)),
		"tags", tags, "language", text("%s", language), "published", moment(r))
}

// prose is words up to at least that many bytes.
func prose(r *rand.Rand, language string, size int) string {
	var b strings.Builder
	for b.Len() < size {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(one(r, words[language]...))
	}
	return b.String()
}
