// go run docs/verify/*.go < test/vectors/signatures.json: what verify.go says of each vector of a secret, a line each.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	var file struct {
		Vectors []struct {
			Key     string
			Headers map[string]string
			Body    string
			Now     int64
		}
	}
	if err := json.NewDecoder(os.Stdin).Decode(&file); err != nil {
		panic(err)
	}
	for _, vector := range file.Vectors {
		if !strings.HasPrefix(vector.Key, "whsec_") {
			continue
		}
		header := http.Header{}
		for name, value := range vector.Headers {
			header.Set(name, value)
		}
		if err := Verify(vector.Key, header, []byte(vector.Body), time.Unix(vector.Now, 0)); err != nil {
			fmt.Println("invalid:", err)
		} else {
			fmt.Println("valid")
		}
	}
}
