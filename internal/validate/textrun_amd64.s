#include "textflag.h"

// Eight times the quote, the backslash, the last control character, and the first byte beyond those that continue a
// character.
DATA quotes<>+0(SB)/8, $0x2222222222222222
DATA slashes<>+0(SB)/8, $0x5c5c5c5c5c5c5c5c
DATA controls<>+0(SB)/8, $0x1f1f1f1f1f1f1f1f
DATA starts<>+0(SB)/8, $0xc0c0c0c0c0c0c0c0
GLOBL quotes<>(SB), RODATA|NOPTR, $8
GLOBL slashes<>(SB), RODATA|NOPTR, $8
GLOBL controls<>(SB), RODATA|NOPTR, $8
GLOBL starts<>(SB), RODATA|NOPTR, $8

// func runOfBlocks(dst, src *byte, n int) (size, continuing, beyond int)
TEXT ·runOfBlocks(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), DX
	XORQ R8, R8   // size
	XORQ R9, R9   // continuing
	XORQ R10, R10 // beyond
	VPBROADCASTQ quotes<>(SB), Y1
	VPBROADCASTQ slashes<>(SB), Y2
	VPBROADCASTQ controls<>(SB), Y3
	VPBROADCASTQ starts<>(SB), Y4

block:
	VMOVDQU (SI)(R8*1), Y0
	TESTQ DI, DI
	JZ judge
	VMOVDQU Y0, (DI)(R8*1)

judge:
	VPCMPEQB Y0, Y1, Y5
	VPCMPEQB Y0, Y2, Y6
	VPMINUB Y0, Y3, Y7
	VPCMPEQB Y0, Y7, Y7 // 0x1f and below
	VPOR Y5, Y6, Y5
	VPOR Y5, Y7, Y5
	VPCMPGTB Y0, Y4, Y6 // below 0xc0, as signed numbers: of those beyond ASCII
	VPMOVMSKB Y5, AX
	VPMOVMSKB Y0, BX
	VPMOVMSKB Y6, CX
	TESTL AX, AX
	JNZ end
	ORL BX, R10
	POPCNTL CX, CX
	ADDQ CX, R9
	ADDQ $32, R8
	CMPQ R8, DX
	JB block
	JMP done

end: // the bits below the lowest that is set are those of the run
	LEAL -1(AX), R11
	MOVL AX, R12
	NOTL R12
	ANDL R12, R11
	ANDL R11, BX
	ANDL R11, CX
	ORL BX, R10
	POPCNTL CX, CX
	ADDQ CX, R9
	BSFL AX, AX
	ADDQ AX, R8

done:
	VZEROUPPER
	MOVQ R8, size+24(FP)
	MOVQ R9, continuing+32(FP)
	MOVQ R10, beyond+40(FP)
	RET
