/* A firmware in simavr (an emulated ATmega328P), on a bench.
 *
 * rig FIRMWARE.elf LINK TRACE   in real time, behind a pty that stands at LINK; TRACE is a file or -
 * rig FIRMWARE.elf              step by step: time passes only on `run`
 *
 * Commands, one a line on standard input; its end ends the rig:
 *   rx HEX        bytes for the board        run US      let time pass, then say `done TIME`
 *   unplug MS     the cable out, and back    reset       press the button (also what DTR does)
 *   wedge         the main program hangs, interrupts go on
 *   pin PIN 0|1|- drive an input (B1, C1 ...) or let go of it
 *   axis STEP DIRECTION SWITCH AT   a motor at its step pin; the switch closes to ground AT steps up
 *   where         say `TIME where` and the steps of every axis so far
 * Trace, one line an event, TIME in us of the board:
 *   TIME rx HEX   TIME tx HEX   TIME pulse CHANNEL WIDTH_US   TIME slip US (the machine was busy)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <simavr/avr_extint.h>
#include <simavr/avr_ioport.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <simavr/sim_irq.h>

#define CYCLES_PER_US 16
#define BYTE_CYCLES 1500 /* a little slower than the line: simavr counts a parity bit */
#define SLICE_US 500     /* the longest that the pty is not looked at */
#define SLIP_US 50000    /* further behind the clock than this, time lost is left lost */
#define CHANNELS 6
#define FIRST_PIN 2
#define AXES 3
#define OCR1AL 0x88
#define WEDGED_US 260000 /* longer than the board's own watchdog of 250 ms */

static avr_t *avr;
static avr_irq_t *uart_in;
static FILE *trace;
static struct { unsigned char bytes[65536]; unsigned head, tail; } queue;
static avr_cycle_count_t rose[CHANNELS];
static int master = -1, slave = -1;
static const char *link_path;
static struct { avr_irq_t *direction; char port; int pin; long at, steps; bool down; } axes[AXES];
static int axis_count;
static struct { uint8_t mask, value; } outside['D' + 1]; /* what is driven from outside, by port */
static struct { avr_flashaddr_t at; unsigned char was[2]; avr_cycle_count_t until; } wedge;

static void note(const char *format, ...) {
    if (!trace)
        return;
    va_list arguments;
    va_start(arguments, format);
    fprintf(trace, "%.1f ", (double)avr->cycle / CYCLES_PER_US);
    vfprintf(trace, format, arguments);
    fputc('\n', trace);
    va_end(arguments);
}

static void quiet(avr_t *board, const int level, const char *format, va_list arguments) {
    (void)board;
    if (level <= LOG_ERROR)
        vfprintf(stderr, format, arguments);
}

static void no_sleep(avr_t *board, avr_cycle_count_t cycles) { /* the loops below keep the time */
    (void)board;
    (void)cycles;
}

static void pin_changed(avr_irq_t *irq, uint32_t value, void *parameter) {
    (void)irq;
    long channel = (long)parameter;
    if (value)
        rose[channel] = avr->cycle;
    else if (rose[channel])
        note("pulse %ld %.2f", channel, (double)(avr->cycle - rose[channel]) / CYCLES_PER_US);
}

static avr_irq_t *pin_irq(char port, int pin) {
    return avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ(port), pin);
}

/* level: 0 or 1, or -1 to let go of it: then its pull-up makes it 1 */
static void drive(char port, int pin, int level) {
    uint8_t bit = 1 << pin;
    outside[(int)port].mask = level < 0 ? outside[(int)port].mask & ~bit : outside[(int)port].mask | bit;
    outside[(int)port].value =
        level > 0 ? outside[(int)port].value | bit : outside[(int)port].value & ~bit;
    avr_ioport_external_t external = {
        .name = port, .mask = outside[(int)port].mask, .value = outside[(int)port].value};
    avr_ioctl(avr, AVR_IOCTL_IOPORT_SET_EXTERNAL(port), &external);
    avr_raise_irq(pin_irq(port, pin), level != 0);
}

static void stepped(avr_irq_t *irq, uint32_t value, void *parameter) {
    (void)irq;
    long i = (long)parameter;
    if (!value)
        return;
    axes[i].steps += axes[i].direction->value & 1 ? -1 : 1;
    bool down = axes[i].steps >= axes[i].at;
    if (down != axes[i].down)
        drive(axes[i].port, axes[i].pin, down ? 0 : -1);
    axes[i].down = down;
}

static void byte_out(avr_irq_t *irq, uint32_t value, void *parameter) {
    (void)irq;
    (void)parameter;
    unsigned char byte = value;
    note("tx %02x", byte);
    if (master >= 0 && write(master, &byte, 1) < 0 && errno != EAGAIN && errno != EIO)
        perror("rig: pty");
}

static avr_cycle_count_t byte_in(avr_t *board, avr_cycle_count_t when, void *parameter) {
    (void)board;
    (void)parameter;
    if (queue.head != queue.tail) {
        unsigned char byte = queue.bytes[queue.tail++ % sizeof queue.bytes];
        note("rx %02x", byte);
        avr_raise_irq(uart_in, byte);
    }
    return when + BYTE_CYCLES;
}

static void take(const unsigned char *bytes, size_t length) {
    for (size_t i = 0; i < length && queue.head - queue.tail < sizeof queue.bytes; i++)
        queue.bytes[queue.head++ % sizeof queue.bytes] = bytes[i];
}

/* simavr takes a compare register of 0 for none at all; the chip compares with 0. grbl's steps begin
 * so: it enables the interrupt first, and sets the register in it. */
static void reset_board(void) {
    avr_reset(avr);
    avr->data[OCR1AL] = 64;
    for (char port = 'B'; port <= 'D'; port++) /* or pull-ups that are set again change nothing */
        for (int pin = 0; pin < 8; pin++)
            pin_irq(port, pin)->value = 0;
}

static void start(const char *path) {
    elf_firmware_t firmware = {0};
    avr_global_logger_set(quiet);
    avr = avr_make_mcu_by_name("atmega328p");
    if (!avr || elf_read_firmware(path, &firmware)) {
        fprintf(stderr, "rig: %s is no firmware for an ATmega328P\n", path);
        exit(2);
    }
    avr_init(avr);
    avr->frequency = CYCLES_PER_US * 1000000;
    avr->log = LOG_ERROR;
    avr->sleep = no_sleep;
    avr->run_cycle_limit = BYTE_CYCLES;
    avr_load_firmware(avr, &firmware);
    reset_board();
    for (uint8_t line = 0; line < 2; line++) /* or it looks at INT0 and INT1 in every cycle */
        avr_extint_set_strict_lvl_trig(avr, line, 0);
    uint32_t flags = 0; /* no console, no sleeping on polls */
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    uart_in = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    avr_irq_register_notify(
        avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), byte_out, NULL);
    for (long channel = 0; channel < CHANNELS; channel++)
        avr_irq_register_notify(
            avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('D'), FIRST_PIN + channel),
            pin_changed, (void *)channel);
}

static void run_to(avr_cycle_count_t cycle) {
    for (unsigned turn = 0; avr->cycle < cycle; turn++) {
        if (turn % 1024 == 0 && !avr_cycle_timer_status(avr, byte_in, NULL))
            avr_cycle_timer_register(avr, BYTE_CYCLES, byte_in, NULL); /* a reset forgets it */
        int state = avr_run(avr);
        if (state == cpu_Done || state == cpu_Crashed) {
            fprintf(stderr, "rig: the board crashed at pc %04x\n", avr->pc);
            exit(1);
        }
        if (wedge.until && avr->cycle >= wedge.until) {
            memcpy(avr->flash + wedge.at, wedge.was, 2);
            wedge.until = 0;
        }
    }
}

static void hang(void) {
    static const unsigned char itself[2] = {0xFF, 0xCF}; /* rjmp to itself */
    wedge.at = avr->pc;
    wedge.until = avr->cycle + (avr_cycle_count_t)WEDGED_US * CYCLES_PER_US;
    memcpy(wedge.was, avr->flash + wedge.at, 2);
    memcpy(avr->flash + wedge.at, itself, 2);
}

static void plug_in(void) {
    char name[64], fresh[4096];
    struct termios raw;
    if (openpty(&master, &slave, name, NULL, NULL)) {
        perror("rig: openpty");
        exit(1);
    }
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    fcntl(master, F_SETFL, O_NONBLOCK);
    snprintf(fresh, sizeof fresh, "%s.%d", link_path, (int)getpid());
    if (symlink(name, fresh) || rename(fresh, link_path)) { /* never half there */
        perror("rig: link");
        exit(1);
    }
}

static void pull_out(void) {
    unlink(link_path);
    close(slave); /* held open so that a client that closes does not end the line */
    close(master);
    master = slave = -1;
    queue.tail = queue.head;
}

static double wall_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e6 + now.tv_nsec * 1e-3;
}

/* Carries out a line of standard input; returns when the cable is to be back, us, or `back`. */
static double obey(const char *line, double back) {
    unsigned long value = 0;
    unsigned byte;
    char port, port2, port3, level;
    int pin, pin2, pin3;
    long at;
    if (sscanf(line, "run %lu", &value) == 1) {
        run_to(avr->cycle + (avr_cycle_count_t)value * CYCLES_PER_US);
        note("done");
        fflush(trace);
    } else if (!strncmp(line, "rx ", 3)) {
        for (line += 3; sscanf(line, "%2x", &byte) == 1; line += 2)
            take(&(unsigned char){byte}, 1);
    } else if (sscanf(line, "unplug %lu", &value) == 1 && link_path) {
        if (master >= 0)
            pull_out();
        return wall_us() + value * 1e3;
    } else if (!strcmp(line, "reset")) {
        reset_board();
    } else if (!strcmp(line, "wedge")) {
        hang();
    } else if (sscanf(line, "pin %c%d %c", &port, &pin, &level) == 3) {
        drive(port, pin, level == '-' ? -1 : level - '0');
    } else if (sscanf(line, "axis %c%d %c%d %c%d %ld", &port, &pin, &port2, &pin2, &port3, &pin3,
                      &at) == 7 && axis_count < AXES) {
        axes[axis_count].direction = pin_irq(port2, pin2);
        axes[axis_count].port = port3;
        axes[axis_count].pin = pin3;
        axes[axis_count].at = at;
        avr_irq_register_notify(pin_irq(port, pin), stepped, (void *)(long)axis_count++);
    } else if (!strcmp(line, "where")) {
        printf("%.1f where", (double)avr->cycle / CYCLES_PER_US);
        for (int i = 0; i < axis_count; i++)
            printf(" %ld", axes[i].steps);
        printf("\n");
        fflush(stdout);
    } else {
        fprintf(stderr, "rig: what is %s?\n", line);
        exit(2);
    }
    return back;
}

/* Takes what stands on standard input; false at its end. */
static bool listen_to(double *back) {
    static char text[4096];
    static size_t length;
    ssize_t got = read(STDIN_FILENO, text + length, sizeof text - 1 - length);
    if (length == sizeof text - 1) {
        fprintf(stderr, "rig: a line over %zu characters\n", length);
        exit(2);
    }
    if (got <= 0)
        return false;
    length += got;
    text[length] = 0;
    for (char *end; (end = strchr(text, '\n'));) {
        *end = 0;
        *back = obey(text, *back);
        length -= end + 1 - text;
        memmove(text, end + 1, length + 1);
    }
    return true;
}

static void real_time(void) {
    double base = wall_us() - (double)avr->cycle / CYCLES_PER_US, back = 0;
    for (;;) {
        struct pollfd files[2] = {{STDIN_FILENO, POLLIN, 0}, {master, POLLIN, 0}};
        struct timespec wait = {0, SLICE_US * 1000};
        ppoll(files, 2, &wait, NULL); /* a negative descriptor is passed over */
        unsigned char bytes[4096];
        ssize_t got = files[1].revents & POLLIN ? read(master, bytes, sizeof bytes) : 0;
        double due = wall_us() - base, here = (double)avr->cycle / CYCLES_PER_US;
        if (due - here > SLIP_US) {
            note("slip %.0f", due - here);
            base += due - here;
            due = here;
        }
        if (got > 0)
            take(bytes, got);
        if (files[0].revents && !listen_to(&back))
            return;
        if (master < 0 && wall_us() >= back)
            plug_in();
        run_to((avr_cycle_count_t)(due * CYCLES_PER_US));
        if (trace)
            fflush(trace);
    }
}

int main(int count, char **arguments) {
    double never = 0;
    if (count != 2 && count != 4) {
        fprintf(stderr, "usage: rig FIRMWARE.elf [LINK TRACE]\n");
        return 2;
    }
    start(arguments[1]);
    if (count == 2) {
        trace = stdout;
        while (listen_to(&never))
            ;
        return 0;
    }
    trace = strcmp(arguments[3], "-") ? fopen(arguments[3], "w") : NULL;
    link_path = arguments[2];
    plug_in();
    real_time();
    pull_out();
    return 0;
}
