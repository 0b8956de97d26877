package main

import "math/rand/v2"

const ordersSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "required": ["id", "created", "status", "currency", "customer", "shipping", "items", "total"],
  "additionalProperties": false,
  "properties": {
    "id": {"type": "string", "format": "uuid"},
    "created": {"type": "string", "format": "date-time"},
    "status": {"enum": ["new", "paid", "packed", "shipped", "returned"]},
    "currency": {"enum": ["EUR", "USD", "GBP", "CHF", "JPY", "SEK"]},
    "customer": {
      "type": "object",
      "required": ["id", "name", "email"],
      "additionalProperties": false,
      "properties": {
        "id": {"type": "integer", "minimum": 1},
        "name": {"type": "string", "minLength": 1, "maxLength": 80},
        "email": {"type": "string", "format": "email"},
        "vip": {"type": "boolean"}
      }
    },
    "shipping": {
      "type": "object",
      "required": ["street", "city", "zip", "country"],
      "additionalProperties": false,
      "properties": {
        "street": {"type": "string", "minLength": 1, "maxLength": 120},
        "city": {"type": "string", "minLength": 1, "maxLength": 80},
        "zip": {"type": "string", "pattern": "^[0-9]{4,6}$"},
        "country": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "note": {"type": ["string", "null"], "maxLength": 200}
      }
    },
    "items": {
      "type": "array",
      "minItems": 1,
      "maxItems": 100,
      "items": {
        "type": "object",
        "required": ["sku", "name", "quantity", "price"],
        "additionalProperties": false,
        "properties": {
          "sku": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{5}$"},
          "name": {"type": "string", "maxLength": 60},
          "quantity": {"type": "integer", "minimum": 1, "maximum": 999},
          "price": {"type": "number", "minimum": 0.01},
          "discount": {"type": "number", "minimum": 0, "maximum": 0.9}
        }
      }
    },
    "tags": {"type": "array", "maxItems": 10, "uniqueItems": true, "items": {"type": "string", "maxLength": 20}},
    "total": {"type": "number", "minimum": 0}
  }
}`

// orders are nested: closed objects in each other, three to eight line items each.
func orders() *shape {
	item := func(r *rand.Rand, o *object) *object {
		items := o.array("items")
		return items.object(r.IntN(len(items)))
	}
	return &shape{
		name:    "orders",
		schema:  ordersSchema,
		records: each(order),
		faults: []fault{
			{"wrong type", 20, func(r *rand.Rand, o *object) {
				switch r.IntN(4) {
				case 0:
					i := item(r, o)
					i.set("price", text("%s", i.get("price")))
				case 1:
					i := item(r, o)
					i.set("quantity", one(r, leaf("null"), leaf("1.5")))
				case 2:
					o.object("customer").set("id", text("C-%d", r.IntN(100000)))
				case 3:
					o.set("total", leaf("null"))
				}
			}},
			{"out of range", 20, func(r *rand.Rand, o *object) {
				switch r.IntN(3) {
				case 0:
					item(r, o).set("quantity", integer(one(r, 0, -1, 1000, 5000)))
				case 1:
					item(r, o).set("price", one(r, leaf("0"), leaf("-4.99")))
				case 2:
					item(r, o).set("discount", one(r, leaf("1.5"), leaf("15")))
				}
			}},
			{"missing", 15, func(r *rand.Rand, o *object) {
				switch r.IntN(3) {
				case 0:
					item(r, o).remove(one(r, "sku", "quantity", "price"))
				case 1:
					o.object("customer").remove(one(r, "id", "email"))
				case 2:
					o.remove(one(r, "id", "created", "currency", "shipping", "total"))
				}
			}},
			{"unknown value", 15, func(r *rand.Rand, o *object) {
				switch r.IntN(3) {
				case 0:
					o.set("currency", text("%s", one(r, "XBT", "eur", "EURO")))
				case 1:
					item(r, o).set("sku", text("%s", one(r, "abc-12345", "ABC12345", "AB-1")))
				case 2:
					o.object("shipping").set("country", text("%s", one(r, "Germany", "de", "D")))
				}
			}},
			{"text too long", 5, func(r *rand.Rand, o *object) { item(r, o).set("name", text("%061d", r.IntN(100000))) }},
			{"unknown name", 10, func(r *rand.Rand, o *object) {
				one(r, o, o.object("customer"), o.object("shipping"), item(r, o)).set(one(r, "comment", "_id", "Price"), leaf("1"))
			}},
			{"duplicate tag", 5, func(_ *rand.Rand, o *object) {
				tags := o.array("tags")
				o.set("tags", append(tags, tags[0]))
			}},
			{"format", 5, func(r *rand.Rand, o *object) {
				switch r.IntN(3) {
				case 0:
					o.set("id", text("%x", r.Uint64()))
				case 1:
					o.set("created", text("%d/%d/2026", between(r, 1, 12), between(r, 1, 28)))
				case 2:
					o.object("customer").set("email", text("ana.example.com"))
				}
			}},
		},
	}
}

func order(r *rand.Rand) *object {
	first := one(r, "Ana", "Björn", "Chloé", "Dmitri", "Eleni", "Fatima", "George", "Hana")
	last := one(r, "Smith", "Müller", "García", "Nguyen", "Kowalski", "Rossi", "Okafor")
	customer := record("id", integer(between(r, 1, 9_999_999)), "name", text("%s %s", first, last),
		"email", text("user%d@%s.example.com", r.IntN(100000), one(r, "mail", "post", "inbox")))
	if r.IntN(3) == 0 {
		customer.set("vip", boolean(r.IntN(2) == 0))
	}
	shipping := record("street", text("%s %d", one(r, "Main Street", "Hauptstraße", "Rue de la Paix", "Via Roma"), between(r, 1, 250)),
		"city", text("%s", one(r, "Berlin", "Zürich", "Lyon", "Torino", "Kraków", "Leeds")),
		"zip", text("%05d", r.IntN(100000)), "country", text("%s", one(r, "DE", "CH", "FR", "IT", "PL", "GB")))
	if r.IntN(2) == 0 {
		shipping.set("note", one(r, leaf("null"), text("ring twice, then leave it at the door")))
	}
	var items array
	total := 0.0
	for range between(r, 3, 8) {
		price, quantity := 0.01+r.Float64()*float64(one(r, 10, 100, 1000)), between(r, 1, 20)
		total += price * float64(quantity)
		i := record("sku", text("%c%c%c-%05d", 'A'+rune(r.IntN(26)), 'A'+rune(r.IntN(26)), 'A'+rune(r.IntN(26)), r.IntN(100000)),
			"name", text("%s %s", one(r, "blue", "steel", "oak", "soft", "large"), one(r, "lamp", "chair", "cup", "blanket", "kettle")),
			"quantity", integer(quantity), "price", decimal(price, 2))
		if r.IntN(4) == 0 {
			i.set("discount", decimal(r.Float64()*0.5, 2))
		}
		items = append(items, i)
	}
	names := []string{"gift", "express", "b2b", "fragile", "first-order", "coupon"}
	var tags array
	for _, i := range r.Perm(len(names))[:between(r, 1, 4)] {
		tags = append(tags, text("%s", names[i]))
	}
	return record("id", uuid(r), "created", moment(r), "status", text("%s", one(r, "new", "paid", "packed", "shipped")),
		"currency", text("%s", one(r, "EUR", "USD", "GBP", "CHF")), "customer", customer, "shipping", shipping,
		"items", items, "tags", tags, "total", decimal(total, 2))
}
