"""The words of the walls, Vietnamese and English, in one table."""

from typing import Final, Literal

Language = Literal["vi", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("vi", "en")

WORDS: Final[dict[str, tuple[str, str]]] = {
    # the columns of a price board
    "symbol": ("Mã", "Symbol"),
    "name": ("Tên", "Name"),
    "venue": ("Thị trường", "Venue"),
    "fact": ("Mục", "Fact"),
    "exchange": ("Sàn GD", "Exchange"),
    "sector": ("Ngành", "Sector"),
    "ceiling": ("Trần", "Ceil"),
    "floor": ("Sàn", "Floor"),
    "reference": ("TC", "Ref"),
    "last": ("Giá", "Last"),
    "change": ("+/-", "+/-"),
    "percent": ("%", "%"),
    "last_volume": ("KL khớp", "Last vol"),
    "volume": ("KL", "Vol"),
    "total_volume": ("Tổng KL", "Total vol"),
    "value": ("GT (tỷ)", "Value (bn)"),
    "open": ("Mở", "Open"),
    "high": ("Cao", "High"),
    "low": ("Thấp", "Low"),
    "average": ("TB", "Avg"),
    "close": ("Đóng", "Close"),
    "bid": ("Mua", "Bid"),
    "ask": ("Bán", "Ask"),
    "bid_volume": ("KL mua", "Bid vol"),
    "ask_volume": ("KL bán", "Ask vol"),
    "price": ("Giá", "Price"),
    "side": ("Bên", "Side"),
    "expected": ("Giá dự kiến", "Expected"),
    "expected_short": ("Dự kiến", "Exp"),
    "expected_volume": ("KL dự kiến", "Exp vol"),
    "put_through": ("Thỏa thuận", "Put-through"),
    "put_through_value": ("GT thỏa thuận (tỷ)", "Put-through (bn)"),
    "put_through_volume": ("KL thỏa thuận", "Put-through vol"),
    "odd_lot_volume": ("KL lô lẻ", "Odd-lot vol"),
    "foreign_buy": ("ĐTNN mua", "Foreign buy"),
    "foreign_sell": ("ĐTNN bán", "Foreign sell"),
    "foreign_net": ("ĐTNN ròng (tỷ)", "Foreign net (bn)"),
    "foreign_net_volume": ("ĐTNN ròng", "Foreign net"),
    "room": ("Room", "Room"),
    "status": ("Trạng thái", "Status"),
    "time": ("Giờ", "Time"),
    "day": ("Ngày", "Day"),
    "level": ("Mức", "Level"),
    "zone": ("±", "±"),
    # who is active
    "active_buy": ("Mua chủ động", "Active buy"),
    "active_sell": ("Bán chủ động", "Active sell"),
    "active_net": ("Chủ động ròng (tỷ)", "Active net (bn)"),
    "active_buy_value": ("Mua CĐ (tỷ)", "Active buy (bn)"),
    "active_sell_value": ("Bán CĐ (tỷ)", "Active sell (bn)"),
    "neutral": ("Không phân loại (ATO/ATC)", "Neutral (ATO/ATC)"),
    "auction": ("ATO/ATC", "Auction"),
    "unknown": ("Không rõ", "Unknown"),
    "cumulative": ("Lũy kế", "Cumulative"),
    "share_of_buys": ("% mua CĐ", "Active buy %"),
    "delta": ("Delta", "Delta"),
    "cum_delta": ("Delta lũy kế", "Cumulative delta"),
    "trades": ("Số lệnh", "Trades"),
    "rule": ("Quy tắc", "Rule"),
    "confidence": ("Độ tin cậy", "Confidence"),
    # breadth
    "advances": ("Tăng", "Up"),
    "declines": ("Giảm", "Down"),
    "unchanged": ("Đứng giá", "Unchanged"),
    "not_traded": ("Chưa khớp", "No trade"),
    "index": ("Chỉ số", "Index"),
    "points": ("Điểm", "Points"),
    "estimate": ("Ước tính", "Estimate"),
    "published": ("Công bố", "Published"),
    "index_expected": ("Dự kiến (ATO/ATC)", "Expected (ATO/ATC)"),
    # foreign flow
    "speed": ("Tốc độ ròng 5 phút (tỷ/phút)", "Net speed 5 min (bn/min)"),
    "acceleration": ("Gia tốc 5 phút", "Acceleration 5 min"),
    "correlation": ("Tương quan với giá 15 phút", "Price correlation 15 min"),
    "correlation_short": ("T.quan 15p", "Corr 15m"),
    "speed_short": ("Tốc độ 5p", "Speed 5m"),
    "share": ("Tỷ trọng ĐTNN", "Foreign share"),
    # derivatives
    "contract": ("Hợp đồng", "Contract"),
    "alias": ("Mã phụ", "Alias"),
    "spot": ("Cơ sở", "Spot"),
    "future": ("Phái sinh", "Future"),
    "basis": ("Basis (điểm)", "Basis (points)"),
    "basis_percent": ("Basis %", "Basis %"),
    "mid_basis": ("Basis giữa", "Mid basis"),
    "fair_value": ("Giá hợp lý", "Fair value"),
    "carry": ("Chi phí vốn năm", "Carry a year"),
    "z_score": ("Z", "Z"),
    "divergence": ("Phân kỳ 5 phút (%)", "Divergence 5 min (%)"),
    "open_interest": ("OI", "OI"),
    "days_to_expiry": ("Ngày còn lại", "Days left"),
    "settlement": ("Giá thanh toán ước tính", "Settlement estimate"),
    "stale": ("Cũ", "Stale"),
    "direction": ("Hướng", "Direction"),
    "widening": ("Giãn ra", "Widening"),
    "narrowing": ("Thu hẹp", "Narrowing"),
    "flat": ("Đi ngang", "Flat"),
    "future_change": ("± phái sinh 5 phút (điểm)", "Future ± 5 min (points)"),
    "spot_change": ("± cơ sở 5 phút (điểm)", "Spot ± 5 min (points)"),
    # alerts and trust
    "severity": ("Mức độ", "Severity"),
    "text": ("Nội dung", "Text"),
    "info": ("Tin", "Info"),
    "warning": ("Chú ý", "Warning"),
    "critical": ("Khẩn", "Critical"),
    "count": ("Số lần", "Count"),
    "channel": ("Kênh", "Channel"),
    "cause": ("Nguyên nhân", "Cause"),
    "seconds": ("Giây", "Seconds"),
    "from": ("Từ", "From"),
    "to": ("Đến", "To"),
    "missing_volume": ("KL thiếu", "Missing vol"),
    "unexplained": ("KL chưa giải thích", "Unexplained vol"),
    "printed": ("KL đã nhận", "Printed vol"),
    "covered": ("Đầy đủ", "Complete"),
    "accuracy": ("Độ chính xác", "Accuracy"),
    "compared": ("Số lệnh so sánh", "Trades compared"),
    "error_percent": ("Sai số %", "Error %"),
    "weights": ("Nguồn tỷ trọng", "Weights"),
    "service": ("Dịch vụ", "Service"),
    "reason": ("Lý do", "Reason"),
    "topic": ("Topic", "Topic"),
    "newest": ("Mới nhất", "Newest"),
    "sent": ("Đã gửi", "Sent"),
    "waiting": ("Đang chờ", "Waiting"),
    "age": ("Tuổi dữ liệu", "Data age"),
    "phase": ("Phiên", "Phase"),
    "yes": ("Có", "Yes"),
    "no": ("Không", "No"),
    # phases
    "pre_open": ("Chờ mở cửa", "Pre-open"),
    "ato": ("ATO", "ATO"),
    "continuous": ("Liên tục", "Continuous"),
    "break": ("Nghỉ trưa", "Break"),
    "atc": ("ATC", "ATC"),
    "plo": ("Sau giờ (PLO)", "PLO"),
    "periodic": ("Khớp định kỳ", "Periodic"),
    "closed": ("Đóng cửa", "Closed"),
    "halted": ("Tạm ngừng", "Halted"),
    # causes of gaps
    "disconnect": ("Mất kết nối", "Disconnected"),
    "silence": ("Im lặng", "Silence"),
    "volume_chain": ("Thiếu khối lượng", "Volume missing"),
    "late_start": ("Khởi động muộn", "Late start"),
    "restart": ("Khởi động lại", "Restart"),
    "source_change": ("Đổi nguồn", "Source change"),
    # variables
    "tape": ("Băng", "Tape"),
    "basket": ("Rổ", "Basket"),
    "bar": ("Nến", "Bar"),
    # boards
    "folder_wall": ("vntape · Bảng tường", "vntape · Walls"),
    "folder_desk": ("vntape · Bàn làm việc", "vntape · Desk"),
    "folder_ops": ("vntape · Vận hành", "vntape · Operations"),
    "market": ("Toàn cảnh thị trường", "Market overview"),
    "board": ("Bảng giá rổ chỉ số", "Index basket board"),
    "flow": ("Dòng tiền chủ động", "Active flow"),
    "foreign": ("Nhà đầu tư nước ngoài", "Foreign investors"),
    "derivatives": ("Phái sinh và basis", "Derivatives and basis"),
    "orderflow": ("Dòng lệnh", "Order flow"),
    "alerts": ("Cảnh báo", "Alerts"),
    "trust": ("Độ tin cậy dữ liệu", "Data trust"),
    "symbol_board": ("Chi tiết mã", "Symbol"),
    "pipeline": ("Đường ống", "Pipeline health"),
    "kafka": ("Kafka", "Kafka"),
    "timescale": ("TimescaleDB", "TimescaleDB"),
    "gateway": ("Gateway", "Gateway"),
    # annotations
    "gaps": ("Mất dữ liệu", "Gaps"),
    "rolls": ("Chuyển hợp đồng", "Contract rolls"),
    "noon": ("Nghỉ trưa", "Noon break"),
}

PHASES: Final = (
    "pre_open", "ato", "continuous", "break", "atc", "plo", "periodic", "put_through", "closed",
    "halted",
)  # fmt: skip


class Words:
    """The table in one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._at = LANGUAGES.index(language)

    def __call__(self, key: str) -> str:
        """
        The word, or the whole phrase.

        Raises:
            KeyError: the table has no such word.
        """
        return WORDS[key][self._at]

    def mixed(self, vietnamese: str, english: str) -> str:
        """A sentence that stands in one place only, as the note of a panel."""
        return (vietnamese, english)[self._at]
