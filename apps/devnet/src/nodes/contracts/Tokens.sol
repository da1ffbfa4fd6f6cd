// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// A plain ERC-20 for tests: everything is given to whoever creates it.
contract Coin {
    string public constant name = "Test Coin";
    string public constant symbol = "TST";
    uint8 public constant decimals = 6;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    event Transfer(address indexed from, address indexed to, uint256 value);

    constructor(uint256 supply) {
        totalSupply = supply;
        balanceOf[msg.sender] = supply;
        emit Transfer(address(0), msg.sender, supply);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        require(balanceOf[msg.sender] >= value, "too little");
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        emit Transfer(msg.sender, to, value);
        return true;
    }
}

/// A plain ERC-721 for tests, and functions whose arguments and results are of many types.
contract Things {
    string public constant symbol = "THING";
    mapping(uint256 => address) public ownerOf;
    event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);

    struct Pair { uint256 a; string b; }

    function mint(address to, uint256 tokenId) external {
        require(ownerOf[tokenId] == address(0), "there already");
        ownerOf[tokenId] = to;
        emit Transfer(address(0), to, tokenId);
    }

    function safeTransferFrom(address from, address to, uint256 tokenId) external {
        require(ownerOf[tokenId] == from && msg.sender == from, "not yours");
        ownerOf[tokenId] = to;
        emit Transfer(from, to, tokenId);
    }

    function echo(Pair calldata pair, bytes32[] calldata words, int8 small)
        external pure returns (Pair memory, bytes32[] memory, int8 less)
    {
        return (pair, words, small - 1);
    }
}
