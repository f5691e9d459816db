/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Data and constants of AVR in their spaces: `avr-data.o` is what avr-gcc 5.4.0
 * makes of it with -std=gnu99 -mmcu=atmega328p -O1, `avr-data.bin` the sections
 * `.text` and `.data` that avr-ld links by `avr-data.ld` (--no-relax). */
int numbers[3] = {3, 5, 7};
static int total;
int *where = &numbers[2];
const __flash char in_flash[4] = {1, 2, 3, 4};

int add(int index)
{
    total += numbers[index] + in_flash[index];
    return total;
}

int twice(int index)
{
    int (*volatile function)(int) = add;
    return function(index) + add(index) + *where;
}
