/* Bytes to frames and back: UART at 115200 8N1 by interrupt, CRC-16, resynchronisation. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <string.h>
#include <util/atomic.h>
#include <util/crc16.h>

#include "helm.h"

#define SYNC 0xA5
#define RING 256 /* a power of two; four of the longest answers */

static volatile struct {
    uint8_t bytes[RING], head, tail; /* written at head, read at tail */
} in, out;
static volatile uint16_t overruns;
static uint8_t pending[MAX_FRAME], pending_length;
static bool waited; /* a beat has passed since the last byte */
uint16_t link_bad_frames, link_dropped_bytes;

void count(uint16_t *counter) {
    if (*counter < UINT16_MAX)
        (*counter)++;
}

void link_start(void) {
    UCSR0A = _BV(U2X0);
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UBRR0 = 16; /* 117,647 baud: 2.1 % fast, within what 8N1 bears */
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
}

ISR(USART_RX_vect) {
    uint8_t faulty = UCSR0A & (_BV(FE0) | _BV(DOR0)), byte = UDR0;
    uint8_t next = (in.head + 1) & (RING - 1);
    if (faulty || next == in.tail) {
        if (overruns < UINT16_MAX)
            overruns++;
        return;
    }
    in.bytes[in.head] = byte;
    in.head = next;
}

ISR(USART_UDRE_vect) {
    if (out.head == out.tail) {
        UCSR0B &= (uint8_t)~_BV(UDRIE0);
        return;
    }
    UDR0 = out.bytes[out.tail];
    out.tail = (out.tail + 1) & (RING - 1);
}

bool link_idle(void) { return in.head == in.tail; }

uint16_t link_overruns(void) {
    uint16_t result;
    ATOMIC_BLOCK(ATOMIC_FORCEON) { result = overruns; }
    return result;
}

static uint16_t checksum(const uint8_t *bytes, uint8_t length) {
    uint16_t crc = 0xFFFF;
    while (length--)
        crc = _crc_xmodem_update(crc, *bytes++);
    return crc;
}

void link_beat(void) {
    if (pending_length && waited) {
        count(&link_bad_frames);
        for (; pending_length; pending_length--)
            count(&link_dropped_bytes);
    }
    waited = true;
}

static void drop_one(void) {
    count(&link_dropped_bytes);
    memmove(pending, pending + 1, --pending_length);
}

static bool could_begin(void) {
    return pending[0] == SYNC &&
           (pending_length < 2 || pending[1] <= MAX_PAYLOAD) &&
           (pending_length < 3 || (pending[1] ^ pending[2]) == 0xFF);
}

/* Whether `pending` begins with a whole frame, which is taken out. Drops what begins none. */
static bool take(struct frame *frame) {
    while (pending_length) {
        if (!could_begin()) {
            drop_one();
            continue;
        }
        uint8_t length = pending[1], whole = HEADER + length + 2;
        if (pending_length < 3 || pending_length < whole)
            return false;
        uint16_t crc = pending[whole - 2] | (uint16_t)pending[whole - 1] << 8;
        if (checksum(pending + 1, HEADER - 1 + length) != crc) {
            count(&link_bad_frames);
            drop_one();
            continue;
        }
        frame->length = length;
        frame->sequence = pending[3];
        frame->command = pending[4];
        frame->crc = crc;
        memcpy(frame->payload, pending + HEADER, length);
        pending_length -= whole;
        memmove(pending, pending + whole, pending_length);
        return true;
    }
    return false;
}

bool link_receive(struct frame *frame) {
    while (!take(frame)) { /* leaves room for one byte: a full buffer is a frame or none */
        if (in.head == in.tail)
            return false;
        pending[pending_length++] = in.bytes[in.tail];
        in.tail = (in.tail + 1) & (RING - 1);
        waited = false;
    }
    return true;
}

void link_send(const struct frame *frame) {
    uint8_t bytes[MAX_FRAME] = {SYNC, frame->length, (uint8_t)~frame->length,
                                frame->sequence, frame->command};
    uint8_t length = HEADER + frame->length;
    memcpy(bytes + HEADER, frame->payload, frame->length);
    uint16_t crc = checksum(bytes + 1, length - 1);
    bytes[length++] = (uint8_t)crc;
    bytes[length++] = crc >> 8;
    if (((out.tail - out.head - 1) & (RING - 1)) < length)
        return; /* the host asks again; waiting here would stop everything else */
    for (uint8_t i = 0; i < length; i++) {
        out.bytes[out.head] = bytes[i];
        out.head = (out.head + 1) & (RING - 1);
    }
    ATOMIC_BLOCK(ATOMIC_FORCEON) { UCSR0B |= _BV(UDRIE0); }
}
