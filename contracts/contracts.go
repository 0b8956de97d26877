// Package contracts holds the contracts that weir ships, so that the demo runs from the binary alone.
package contracts

import "embed"

// Flights is the folder of the flights contract: "flights/<version>.odcs.yaml" and its examples.
//
//go:embed flights
var Flights embed.FS
