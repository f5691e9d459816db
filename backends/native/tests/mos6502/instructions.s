; SPDX-License-Identifier: MIT OR Apache-2.0
; Executes each instruction of the 6502 that works with registers, an immediate
; or a byte of page zero 256 times, with pseudorandom registers, flags and
; operands, and folds what comes out into 16 bits. `instructions.py` runs it in
; sim65 of cc65, which writes the sums; the tests run it on the engine up to
; `done`. Of decimal mode there is ADC only: SBC of sim65 2.19 is not what B. Clark
; (Decimal Mode, appendix A) has found on the processors.

va      = $80
vx      = $81
vy      = $82
vp      = $83
operand = $84
sum     = $86
seed    = $88
index   = $8a
count   = $8b
cell    = $f0
sums    = $3000

start:  ldx     #$ff
        txs
        cld
        lda     #0
        sta     index
next:   ldx     index
        lda     codes,x
        bne     known
        jmp     done
known:  sta     code
        lda     #$5a
        sta     seed
        sta     seed+1
        lda     #0
        sta     sum
        sta     sum+1
        sta     count
again:  jsr     random
        sta     va
        jsr     random
        sta     vx
        jsr     random
        sta     vy
        jsr     random
        sta     operand
        sta     cell
        jsr     random
        and     #%11000011
        ldx     index
        ldy     kinds,x
        cpy     #3
        bcc     binary
        ora     #%00001000
binary: sta     vp
        tya
        and     #%01111111
        tay
        lda     operands,y
        cpy     #0
        bne     fixed
        lda     operand
fixed:  cpy     #3
        bne     plain
        lda     operand
plain:  sta     code+1
        lda     vp
        pha
        ldx     vx
        ldy     vy
        lda     va
        plp
code:   nop
        nop
        php
        cld
        sta     va
        stx     vx
        sty     vy
        pla
        and     #%11001111      ; B and the bit that is none
        jsr     fold
        lda     va
        jsr     fold
        lda     vx
        jsr     fold
        lda     vy
        jsr     fold
        lda     cell
        jsr     fold
        inc     count
        beq     last
        jmp     again
last:   lda     index
        asl     a
        tax
        lda     sum
        sta     sums,x
        lda     sum+1
        sta     sums+1,x
        inc     index
        jmp     next

; A byte of a shift register of 16 bits.
random: ldy     #8
shift:  lsr     seed+1
        ror     seed
        bcc     even
        lda     seed+1
        eor     #$b4
        sta     seed+1
even:   dey
        bne     shift
        lda     seed
        rts

fold:   eor     sum
        sta     sum
        asl     sum
        rol     sum+1
        bcc     folded
        inc     sum
folded: rts

; What the byte after the code is: the operand, the address of `cell`, nothing;
; and the first two in decimal mode.
operands:
        .byte   0, cell, $ea, 0, cell

codes:  .byte   $69, $29, $c9, $e0, $c0, $49, $a9, $a2, $a0, $09, $e9
        .byte   $65, $25, $06, $24, $c5, $e4, $c4, $c6, $45, $e6, $a5, $a6
        .byte   $a4, $46, $05, $26, $66, $e5, $85, $86, $84
        .byte   $0a, $4a, $2a, $6a, $ca, $88, $e8, $c8, $aa, $a8, $8a, $98
        .byte   $18, $d8, $58, $b8, $38, $f8, $78, $ea
        .byte   $69, $65
        .byte   0
kinds:  .byte   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
        .byte   1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
        .byte   1, 1, 1, 1, 1, 1, 1, 1, 1
        .byte   2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2
        .byte   2, 2, 2, 2, 2, 2, 2, 2
        .byte   3, 4

; write(1, sums, 2 * index), and exit(0), as sim65 has them.
done:   lda     #<sums
        sta     stack
        lda     #>sums
        sta     stack+1
        lda     #1
        sta     stack+2
        lda     #0
        sta     stack+3
        lda     #<stack
        sta     $02
        lda     #>stack
        sta     $03
        lda     index
        asl     a
        ldx     #0
        jsr     $fff7
        lda     #0
        jmp     $fff9
stack:  .byte   0, 0, 0, 0
        .export start, done
