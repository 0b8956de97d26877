package main

import "math/rand/v2"

const eventsSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "required": ["id", "type", "time", "source", "version", "payload"],
  "properties": {
    "id": {"type": "string", "format": "uuid"},
    "type": {"type": "string", "pattern": "^[a-z]+(\\.[a-z]+)+$", "maxLength": 64},
    "time": {"type": "string", "format": "date-time"},
    "source": {"type": "string", "format": "uri"},
    "version": {"type": "integer", "minimum": 1, "maximum": 9},
    "payload": {
      "oneOf": [
        {
          "type": "object",
          "required": ["kind", "url", "duration_ms"],
          "additionalProperties": false,
          "properties": {
            "kind": {"const": "view"},
            "url": {"type": "string", "format": "uri"},
            "referrer": {"type": ["string", "null"], "maxLength": 200},
            "duration_ms": {"type": "integer", "minimum": 0, "maximum": 86400000}
          }
        },
        {
          "type": "object",
          "required": ["kind", "element", "x", "y"],
          "additionalProperties": false,
          "properties": {
            "kind": {"const": "click"},
            "element": {"type": "string", "minLength": 1, "maxLength": 80},
            "x": {"type": "integer", "minimum": 0, "maximum": 10000},
            "y": {"type": "integer", "minimum": 0, "maximum": 100000},
            "button": {"enum": ["left", "middle", "right"]}
          }
        },
        {
          "type": "object",
          "required": ["kind", "order", "amount", "currency"],
          "additionalProperties": false,
          "properties": {
            "kind": {"const": "purchase"},
            "order": {"type": "string", "format": "uuid"},
            "amount": {"type": "number", "exclusiveMinimum": 0},
            "currency": {"enum": ["EUR", "USD", "GBP"]},
            "items": {"type": "integer", "minimum": 1, "maximum": 100}
          }
        },
        {
          "type": "object",
          "required": ["kind", "email", "plan"],
          "additionalProperties": false,
          "properties": {
            "kind": {"const": "signup"},
            "email": {"type": "string", "format": "email"},
            "plan": {"enum": ["free", "team", "enterprise"]},
            "trial": {"type": "boolean"}
          }
        },
        {
          "type": "object",
          "required": ["kind", "code", "message"],
          "additionalProperties": false,
          "properties": {
            "kind": {"const": "error"},
            "code": {"type": "integer", "minimum": 400, "maximum": 599},
            "message": {"type": "string", "minLength": 1, "maxLength": 200},
            "stack": {"type": "array", "maxItems": 20, "items": {"type": "string", "maxLength": 120}}
          }
        }
      ]
    }
  }
}`

// spoiled says what of each payload can be made wrong, and how: the name, a value of the wrong type and one that the
// schema does not allow.
var spoiled = map[leaf]struct {
	name           string
	typed, refused leaf
}{
	`"view"`:     {"duration_ms", `"1200"`, `-5`},
	`"click"`:    {"x", `"12"`, `10001`},
	`"purchase"`: {"amount", `"12.50"`, `0`},
	`"signup"`:   {"plan", `7`, `"gold"`},
	`"error"`:    {"code", `"500"`, `200`},
}

// events are an envelope around a payload of five kinds, told apart by a const.
func events() *shape {
	kind := func(o *object) leaf { return o.object("payload").get("kind").(leaf) }
	return &shape{
		name:    "events",
		schema:  eventsSchema,
		records: each(event),
		faults: []fault{
			{"unknown kind", 15, func(r *rand.Rand, o *object) {
				o.object("payload").set("kind", text("%s", one(r, "refund", "View", "")))
			}},
			{"kind of another payload", 10, func(r *rand.Rand, o *object) {
				was := kind(o)
				for kind(o) == was {
					o.object("payload").set("kind", text("%s", one(r, "view", "click", "purchase", "signup", "error")))
				}
			}},
			{"payload: wrong type", 20, func(_ *rand.Rand, o *object) {
				s := spoiled[kind(o)]
				o.object("payload").set(s.name, s.typed)
			}},
			{"payload: out of range or unknown value", 15, func(_ *rand.Rand, o *object) {
				s := spoiled[kind(o)]
				o.object("payload").set(s.name, s.refused)
			}},
			{"payload: missing", 10, func(r *rand.Rand, o *object) {
				o.object("payload").remove(one(r, "kind", spoiled[kind(o)].name))
			}},
			{"payload: unknown name", 10, func(r *rand.Rand, o *object) {
				o.object("payload").set(one(r, "extra", "user_agent", "Kind"), text("x"))
			}},
			{"envelope", 15, func(r *rand.Rand, o *object) {
				switch r.IntN(5) {
				case 0:
					o.set("id", text("evt_%x", r.Uint64()))
				case 1:
					o.set("type", text("Web-%d", r.IntN(10)))
				case 2:
					o.set("time", integer(r.IntN(1_800_000_000)))
				case 3:
					o.set("version", integer(one(r, 0, 10)))
				case 4:
					o.remove(one(r, "id", "time", "payload"))
				}
			}},
		},
	}
}

func event(r *rand.Rand) *object {
	page := func() leaf {
		return text("https://shop%d.example.com/%s/%d?ref=%x", r.IntN(20), one(r, "product", "category", "cart"), r.IntN(100000), r.Uint32())
	}
	o := record("id", uuid(r), "type", text("%s", one(r, "web.shop.activity", "app.activity", "web.admin")), "time", moment(r),
		"source", text("https://collector-%d.example.com/v%d", r.IntN(16), between(r, 1, 3)), "version", integer(between(r, 1, 4)))
	var p *object
	switch r.IntN(5) {
	case 0:
		p = record("kind", text("view"), "url", page(), "duration_ms", integer(r.IntN(600_000)))
		if r.IntN(2) == 0 {
			p.set("referrer", one(r, leaf("null"), page()))
		}
	case 1:
		p = record("kind", text("click"), "element", text("button#%s-%d", one(r, "buy", "more", "menu"), r.IntN(50)),
			"x", integer(r.IntN(2560)), "y", integer(r.IntN(12000)), "button", text("%s", one(r, "left", "right")))
	case 2:
		p = record("kind", text("purchase"), "order", uuid(r), "amount", decimal(1+r.Float64()*500, 2),
			"currency", text("%s", one(r, "EUR", "USD", "GBP")), "items", integer(between(r, 1, 12)))
	case 3:
		p = record("kind", text("signup"), "email", text("user%d@mail.example.com", r.IntN(1_000_000)),
			"plan", text("%s", one(r, "free", "team", "enterprise")), "trial", boolean(r.IntN(2) == 0))
	case 4:
		var stack array
		for range between(r, 1, 6) {
			stack = append(stack, text("at %s (app.js:%d:%d)", one(r, "render", "fetchCart", "onClick", "submit"), r.IntN(4000), r.IntN(120)))
		}
		p = record("kind", text("error"), "code", integer(one(r, 400, 401, 404, 500, 503)),
			"message", text("cannot load \"%s\": %s", one(r, "cart", "user", "prices"), one(r, "time-out", "no route", "bad gateway")), "stack", stack)
	}
	o.set("payload", p)
	return o
}
