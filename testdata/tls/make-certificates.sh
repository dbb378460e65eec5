#!/bin/sh
# Makes the certificates of this folder anew, with OpenSSL 3. Run it inside the folder.
set -eu

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1-key.pem"; }

# authority <name>
authority() {
  key "$1"
  openssl req -x509 -new -key "$1-key.pem" -sha256 -days 36500 -subj "/CN=Relight test $1" -out "$1.pem"
}

# leaf <name> <authority> <common name> <extensions>
leaf() {
  key "$1"
  openssl req -new -key "$1-key.pem" -subj "/CN=$3" -out "$1.csr"
  printf '%s\n' "$4" > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2-key.pem" -CAcreateserial -sha256 -days 36500 \
    -extfile "$1.ext" -out "$1.pem"
  rm "$1.csr" "$1.ext"
}

authority ca
leaf server ca "Relight test server" "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
leaf name-only ca localhost "subjectAltName=DNS:localhost"
leaf address-only ca 127.0.0.1 "subjectAltName=IP:127.0.0.1"
leaf client ca "Relight test client" "subjectAltName=email:client@relight.test"
authority other-ca
leaf other-client other-ca "Relight test stranger" "subjectAltName=email:stranger@relight.test"
rm -f ./*.srl ca-key.pem other-ca-key.pem
