#!/usr/bin/env python3
"""Writes riscv32.txt and riscv64.txt: encodings, and what LLVM's disassembler
says of them. Needs llvm-mc-19 (Debian: llvm-19)."""
import re
import subprocess
import sys

# Instructions of both widths, of RV32 and of RV64.
both = '''
sh1add a0,a1,a2|sh2add a0,a1,a2|sh3add a0,a1,a2
andn a0,a1,a2|orn a0,a1,a2|xnor a0,a1,a2|clz a0,a1|ctz a0,a1|cpop a0,a1|sext.b a0,a1|sext.h a0,a1|zext.h a0,a1
min a0,a1,a2|minu a0,a1,a2|max a0,a1,a2|maxu a0,a1,a2|rol a0,a1,a2|ror a0,a1,a2|rori a0,a1,7|orc.b a0,a1|rev8 a0,a1
clmul a0,a1,a2|clmulh a0,a1,a2|clmulr a0,a1,a2
bset a0,a1,a2|bclr a0,a1,a2|binv a0,a1,a2|bext a0,a1,a2|bseti a0,a1,9|bclri a0,a1,9|binvi a0,a1,9|bexti a0,a1,9
czero.eqz a0,a1,a2|czero.nez a0,a1,a2
pack a0,a1,a2|packh a0,a1,a2|brev8 a0,a1|xperm4 a0,a1,a2|xperm8 a0,a1,a2
sha256sig0 a0,a1|sha256sig1 a0,a1|sha256sum0 a0,a1|sha256sum1 a0,a1|sm3p0 a0,a1|sm3p1 a0,a1|sm4ed a0,a1,a2,3|sm4ks a0,a1,a2,2
amocas.b a0,a1,(a2)|amocas.h.aq a0,a1,(a2)|amocas.w.rl a0,a1,(a2)|amocas.d.aqrl a0,a2,(a3)
wrs.nto|wrs.sto|pause|ntl.p1|ntl.pall|ntl.s1|ntl.all|c.ntl.p1|c.ntl.pall|c.ntl.s1|c.ntl.all
cbo.inval (a0)|cbo.clean (a0)|cbo.flush (a0)|cbo.zero (a0)|prefetch.i -32(a0)|prefetch.r 64(a0)|prefetch.w 0(a0)
flh fa0,-6(a1)|fsh fa0,10(a1)|fmv.x.h a0,fa1|fmv.h.x fa0,a1|fcvt.s.h fa0,fa1|fcvt.d.h fa0,fa1|fcvt.h.s fa0,fa1|fcvt.h.d fa0,fa1,rtz
fcvt.s.bf16 fa0,fa1|fcvt.bf16.s fa0,fa1
fadd.h fa0,fa1,fa2|fsub.h fa0,fa1,fa2,rne|fmul.h fa0,fa1,fa2,rdn|fdiv.h fa0,fa1,fa2,rup|fsqrt.h fa0,fa1,rmm
fmadd.h fa0,fa1,fa2,fa3|fmsub.h fa0,fa1,fa2,fa3|fnmsub.h fa0,fa1,fa2,fa3|fnmadd.h fa0,fa1,fa2,fa3,rtz
fsgnj.h fa0,fa1,fa2|fsgnjn.h fa0,fa1,fa2|fsgnjx.h fa0,fa1,fa2|fmv.h fa0,fa1|fneg.h fa0,fa1|fabs.h fa0,fa1|fmin.h fa0,fa1,fa2|fmax.h fa0,fa1,fa2
fle.h a0,fa1,fa2|flt.h a0,fa1,fa2|feq.h a0,fa1,fa2|fclass.h a0,fa1|fcvt.w.h a0,fa1|fcvt.wu.h a0,fa1,rtz|fcvt.h.w fa0,a1|fcvt.h.wu fa0,a1,rup
fcvtmod.w.d a0,fa1,rtz
fadd.s fa0,fa1,fa2|fadd.d fa0,fa1,fa2,rtz|fcvt.d.s fa0,fa1|fcvt.d.w fa0,a1|fcvt.d.wu fa0,a1|fcvt.w.d a0,fa1|fcvt.wu.s a0,fa1,rtz|fcvt.s.d fa0,fa1|fmadd.s fa0,fa1,fa2,fa3|fsqrt.d fa0,fa1,rne
c.lbu a0,3(a1)|c.lhu a0,2(a1)|c.lh a0,2(a1)|c.sb a0,1(a1)|c.sh a0,0(a1)|c.zext.b a0|c.sext.b a0|c.zext.h a0|c.sext.h a0|c.not a0|c.mul a0,a1
csrrw a0,seed,a1
'''.replace('\n','|').split('|')
both += [f'mop.r.{n} a0,a1' for n in range(32)] + [f'mop.rr.{n} a0,a1,a2' for n in range(8)] + [f'c.mop.{n}' for n in range(1,16,2)]
for op in 'add swap xor or and min max minu maxu'.split():
    both += [f'amo{op}.b a0,a1,(a2)', f'amo{op}.h.aqrl a0,a1,(a2)']
C='-1.0 min 1.52587890625e-05 3.0517578125e-05 0.00390625 0.0078125 0.0625 0.125 0.25 0.3125 0.375 0.4375 0.5 0.625 0.75 0.875 1.0 1.25 1.5 1.75 2.0 2.5 3.0 4.0 8.0 16.0 128.0 256.0 32768.0 65536.0 inf nan'.split()
for f in 'sdh':
    both += [f'fli.{f} fa0,{c}' for c in C]
    both += [f'fminm.{f} fa0,fa1,fa2', f'fmaxm.{f} fa0,fa1,fa2', f'fround.{f} fa0,fa1,rtz', f'froundnx.{f} fa0,fa1', f'fleq.{f} a0,fa1,fa2', f'fltq.{f} a0,fa1,fa2']
rv32 = 'zip a0,a1|unzip a0,a1|aes32dsi a0,a1,a2,1|aes32dsmi a0,a1,a2,2|aes32esi a0,a1,a2,3|aes32esmi a0,a1,a2,0|sha512sig0h a0,a1,a2|sha512sig0l a0,a1,a2|sha512sig1h a0,a1,a2|sha512sig1l a0,a1,a2|sha512sum0r a0,a1,a2|sha512sum1r a0,a1,a2|fmvh.x.d a0,fa1|fmvp.d.x fa0,a1,a2'.split('|')
rv64 = 'add.uw a0,a1,a2|zext.w a0,a1|sh1add.uw a0,a1,a2|sh2add.uw a0,a1,a2|sh3add.uw a0,a1,a2|slli.uw a0,a1,33|clzw a0,a1|ctzw a0,a1|cpopw a0,a1|rolw a0,a1,a2|rorw a0,a1,a2|roriw a0,a1,5|packw a0,a1,a2|rori a0,a1,63|bexti a0,a1,40|aes64ds a0,a1,a2|aes64dsm a0,a1,a2|aes64es a0,a1,a2|aes64esm a0,a1,a2|aes64im a0,a1|aes64ks1i a0,a1,10|aes64ks1i a0,a1,3|aes64ks2 a0,a1,a2|sha512sig0 a0,a1|sha512sig1 a0,a1|sha512sum0 a0,a1|sha512sum1 a0,a1|amocas.q a0,a2,(a3)|fcvt.l.h a0,fa1,rtz|fcvt.lu.h a0,fa1|fcvt.h.l fa0,a1|fcvt.h.lu fa0,a1|c.zext.w a0|fcvt.l.s a0,fa1|fcvt.d.l fa0,a1'.split('|')
M='+m,+a,+f,+d,+c,+zba,+zbb,+zbc,+zbs,+zbkb,+zbkc,+zbkx,+zknd,+zkne,+zknh,+zksed,+zksh,+zkr,+zicond,+zfh,+zfa,+zfbfmin,+zcb,+zcmop,+zimop,+zawrs,+experimental-zacas,+zabha,+zicbom,+zicbop,+zicboz,+zihintpause,+zihintntl'
def run(bits, lines):
    src='\n'.join(l for l in lines if l)+'\n'
    p=subprocess.run(['llvm-mc-19',f'-triple=riscv{bits}',f'-mattr={M}','-show-encoding'],input=src,text=True,capture_output=True)
    if p.stderr: print(p.stderr[:3000],file=sys.stderr)
    out=[]
    for l in p.stdout.splitlines():
        m=re.match(r'\t(.*?)\s*(?:#|$)',l); e=re.search(r'encoding: \[(.*?)\]',l)
        if e:
            code=''.join(x[2:] for x in e.group(1).split(','))
            out.append((code,re.sub(r'\s+',' ',l.split('#')[0].strip())))
    return out
if __name__=='__main__':
    for bits,extra in (('32',rv32),('64',rv64)):
        rows=run(bits,both+extra)
        # what the disassembler of LLVM prints, aliases included
        texts=[]
        for code,_ in rows:
            octets=' '.join('0x'+code[i:i+2] for i in range(0,len(code),2))
            found=[]
            # Compressed instructions have names of their own, but for hints.
            for more in ([],['-M=no-aliases']):
                p=subprocess.run(['llvm-mc-19',f'-triple=riscv{bits}',f'-mattr={M}','-disassemble',*more],input=octets,text=True,capture_output=True)
                found=[re.sub(r'\s+',' ',l.strip()) for l in p.stdout.splitlines() if l.startswith('\t') and '.text' not in l]
                if len(code)==8 or found[0].startswith('c.'): break
            assert len(found)==1,(code,p.stderr)
            texts+=found
        with open(f'riscv{bits}.txt','w') as f:
            f.write(f'# LLVM 19.1.7: llvm-mc -triple=riscv{bits} -disassemble -mattr={M}\n# (make.py)\n')
            for (c,_),t in zip(rows,texts): f.write(f'{c} {t}\n')
