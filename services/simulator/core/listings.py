"""
The listings of the simulated exchange.

Codes are real. The figures (reference price in VND, millions of shares, free float in %) are
invented, of the right order: no public file has them all.
"""

from typing import NamedTuple


class Listing(NamedTuple):
    """One line of the tables; `shares` in units."""

    symbol: str
    exchange: str
    price: int
    shares: int
    free_float: int


# By turnover, the most traded first: that is the order of activity.
_HOSE = """
HPG 27150 7675 55|SSI 31200 1960 70|SHB 14850 4066 75|VIX 21400 1458 90|FPT 98400 1703 85
MBB 24650 8056 60|VPB 28300 7934 65|STB 52600 1885 95|TCB 34850 7064 65|MWG 81500 1478 75
VHM 98100 4107 30|VIC 215000 3853 35|ACB 24250 5137 85|CTG 48900 5370 15|DXG 19650 1019 80
VND 19850 1522 75|VCB 59800 8356 11|MSN 77900 1439 55|VNM 58700 2090 40|VRE 31950 2272 40
HDB 32300 3495 75|DIG 20150 646 70|VCI 34200 722 70|HCM 23650 1080 60|GEX 44950 902 75
EIB 22100 1863 90|TPB 16950 2642 60|NVL 13900 2047 45|PDR 22250 998 45|KBC 34300 942 70
VIB 18850 3403 65|BID 37700 7021 10|DGC 95200 380 55|LPB 47250 2987 75|SSB 17550 2845 60
MSB 12850 3120 80|GVR 27400 4000 5|DCM 33150 529 40|DPM 21950 680 40|PVT 17800 470 45
HSG 17050 621 60|NKG 16250 448 65|NLG 36800 385 60|KDH 33450 1122 60|PNJ 87300 341 85
VJC 171500 592 50|GMD 65400 427 75|POW 14350 2342 20|PLX 34050 1271 10|GAS 62300 2413 5
SAB 47600 1283 12|BCM 64800 1035 5|VPL 92500 1793 15|BVH 53200 742 10|REE 63100 542 55
CTS 33900 213 40|FTS 34050 347 60|BSI 40950 245 30|HAG 16450 1268 75|ANV 27350 266 45
OCB 12450 2663 55|CII 22900 627 85|HHV 14750 519 70|VCG 22850 647 50|PC1 23400 411 65
DBC 26150 385 70|VHC 55900 224 50|TCM 28600 112 60|HVN 27300 3114 10|BAF 35850 304 55
"""
_HNX = """
SHS 21450 895 85|CEO 23800 568 75|MBS 28650 659 20|PVS 31900 511 50|IDC 37900 380 55
HUT 17300 1070 60|TNG 18900 123 75|DTD 17100 58 60|PVC 11600 81 55|LAS 17200 113 30
BVS 31500 72 40|NTP 61800 171 35|TIG 8300 194 80|VGS 24600 63 65|VC3 26700 123 40
"""
_UPCOM = """
BVB 13100 640 60|ABB 12400 1035 55|MSR 27800 1099 10|VGI 71500 3044 1|OIL 10900 1034 15
DDV 29200 146 35|ACV 54300 3583 4|VEA 35600 1329 8|MCH 168500 1267 10|QNS 46100 368 65
FOX 64700 739 10|VGT 11700 500 40|MML 29500 341 10|SBS 6800 147 95|TVN 7900 678 5
"""
ETF = Listing("E1VFVN30", "HOSE", 34_810, 190_000_000, 100)
WARRANT = Listing("CHPG2606", "HOSE", 1_480, 12_000_000, 100)
WARRANT_UNDERLYING = "HPG"

HALTED = "TIG"
"""Halted from 10:15 to 13:30."""
LOCKED = "ANV"
"""At its ceiling from the open."""


def listings() -> list[Listing]:
    """All shares of the tables, exchange by exchange, most traded first."""
    tables = (("HOSE", _HOSE), ("HNX", _HNX), ("UPCOM", _UPCOM))
    found = []
    for exchange, table in tables:
        for line in table.replace("\n", "|").split("|"):
            if line:
                symbol, price, millions, free_float = line.split()
                numbers = int(price), int(millions) * 1_000_000, int(free_float)
                found.append(Listing(symbol, exchange, *numbers))
    return found
