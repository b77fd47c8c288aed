// What go-tdx-guest and go-sev-guest say of cases: one JSON object a line in, one a line out (tests/peers/attest/run).
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/logger"
)

// Case names files; what a platform does not have is empty.
type Case struct {
	Platform   string `json:"platform"`
	Quote      string `json:"quote"`
	Collateral string `json:"collateral"`
	Root       string `json:"root"`
	Report     string `json:"report"`
	Vcek       string `json:"vcek"`
	Ask        string `json:"ask"`
	Ark        string `json:"ark"`
	Time       int64  `json:"time"`
	AllowDebug bool   `json:"allow_debug"`
	Permissive bool   `json:"permit_provisional_firmware"`
}

func (c *Case) now() time.Time { return time.Unix(c.Time, 0).UTC() }

type answer struct {
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

func verdict(c *Case) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if c.Platform == "snp" {
		return verifyReport(c)
	}
	return verifyQuote(c)
}

func run() error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var c Case
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return err
		}
		a := answer{OK: true}
		if err := verdict(&c); err != nil {
			a = answer{Error: err.Error()}
		}
		if err := out.Encode(a); err != nil {
			return err
		}
	}
	return lines.Err()
}

func main() {
	logger.Init("oracle", false, false, io.Discard)
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
